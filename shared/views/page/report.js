"use strict";
// The plan's check boxes: what Plan.project computes, with the same rounding.
(() => {
  const plan = document.getElementById("plan-table");
  if (!plan) return;
  const points = Number(plan.dataset.points);
  const most = Math.max(points, Number(plan.dataset.max));
  const body = plan.tBodies[0];
  const byGain = [...body.rows];
  let shown = byGain.filter((row) => !row.hidden).length;
  const box = (row) => row.querySelector("input");
  const gain = (row) => Number(row.dataset.gain);
  const worth = (row) => Number(row.dataset.worth);
  const show = (id, text) => { document.getElementById(id).textContent = text; };
  const signed = (value, digits) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(digits);

  function project() {
    const chosen = byGain.filter((row) => box(row).checked);
    const sum = Math.min(points + chosen.reduce((total, row) => total + gain(row), 0), most);
    const percent = (of) => (100 * of) / Number(plan.dataset.max);
    const doubtful = chosen.filter((row) => row.dataset.doubtful).length;
    show("projected", percent(sum).toFixed(1) + " %");
    show("projected-points", sum.toFixed(1));
    show("projected-gain", signed(percent(sum) - percent(points), 1));
    show("chosen", String(chosen.length));
    show("doubtful", doubtful ? `${doubtful} of them uncertain` : "");
  }
  function choose(wanted) {
    for (const row of byGain) box(row).checked = wanted(row);
    project();
  }
  function order(button, rows) {
    for (const other of document.querySelectorAll("[data-order]")) other.setAttribute("aria-pressed", other === button);
    rows.forEach((row, n) => { row.hidden = n >= shown; });
    body.append(...rows);
  }
  const on = (id, act) => document.getElementById(id).addEventListener("click", (event) => act(event.currentTarget));
  on("order-gain", (button) => order(button, byGain));
  on("order-worth", (button) => order(button, [...byGain].sort((a, b) => worth(b) - worth(a))));
  on("choose-none", () => choose(() => false));
  on("choose-all", () => choose(() => true));
  document.getElementById("show-rest")?.addEventListener("click", () => {
    shown = byGain.length;
    for (const row of byGain) row.hidden = false;
    document.getElementById("rest").remove();
  });
  body.addEventListener("change", project);
  // A browser that comes back to the page keeps the ticks.
  project();
})();
