"""What azd runs around a deployment: `azd up` calls these scripts by the names that azure.yaml gives.

| file | |
|---|---|
| `preprovision.py` | says what is wrong with the azd environment's values, before anything is made |
| `postprovision.py` | grants the Graph roles, and waits until role assignments have spread |
| `postdeploy.py` | waits for the functions, gives Graph its URLs, asks for the first export, shows the status |
| `predown.py` | says what a lock or a retention protects, before anything is deleted |
| `grant_graph_roles.py` | grants the Graph roles, for a person |
| `roles.py`, `parameters.py`, `protection.py`, `grant_report.py`, `status_report.py` | decisions and words; pure |
| `granting.py`, `grants.py`, `propagation.py` | what is done once the resources are there |
| `webhooks.py`, `function_app.py`, `vault.py`, `references.py` | what is done once the code is there |
| `rest.py`, `arm.py`, `sign_in.py`, `azd.py`, `console.py`, `stopped.py` | what all of them stand on |

This file and the five scripts are kept so plain that Python 3.9 can read them, since they have to say that it is too
old; everything else is read only after that.
"""

import sys
from importlib.util import find_spec


def _lacks(package: str) -> bool:
    try:
        return find_spec(package) is None
    except ModuleNotFoundError:  # not even the package around it
        return True


if sys.version_info < (3, 12):  # noqa: UP036 - older ones are said goodbye here
    sys.exit(
        "Python 3.12 or newer is needed; {} is {}.{}.\n"
        "Put a newer one first on PATH, delete the folder infra/hooks/.venv, and try again.".format(
            sys.executable, *sys.version_info[:2]
        )
    )

_missing = [name for name in ("requests", "tenacity", "azure.identity") if _lacks(name)]
if _missing:
    sys.exit(
        "{} lacks what infra/hooks/requirements.txt names: {}.\n"
        "Install it: python -m pip install -r infra/hooks/requirements.txt".format(sys.executable, ", ".join(_missing))
    )
