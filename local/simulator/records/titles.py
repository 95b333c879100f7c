"""Titles of alerts: the products' own, and now and then one that no careless reader survives."""

from local.simulator.products import PRODUCTS, Product
from local.simulator.records.document import json_texts

_OWN = {
    "microsoftDefenderForEndpoint": ("Suspicious PowerShell command line", "'Mimikatz' malware was prevented"),
    "microsoftDefenderForIdentity": ("Suspected brute-force attack (Kerberos)", "Honeytoken activity"),
    "microsoftDefenderForCloudApps": ("Impossible travel activity", "Mass download by a single user"),
    "microsoftDefenderForOffice365": (
        "Email messages containing malicious URL removed after delivery\u200b",
        "User restricted from sending email",
    ),
    "azureAdIdentityProtection": ("Unfamiliar sign-in properties", "Anonymous IP address"),
    "dataLossPrevention": ("DLP policy (Credit Card Number) matched in OneDrive", "DLP policy match for email"),
    "microsoftDefenderForCloud": ("Suspicious process executed on VM", "Access from a Tor exit node to storage"),
    "microsoftSentinel": ("Rare application consent", "TI map IP entity to SigninLogs"),
    "microsoft365Defender": ("Possible business email compromise", "Custom detection: encoded command"),
    "microsoftAppGovernance": ("App with suspicious OAuth scope", "Unusual rise in Graph API calls"),
    "microsoftInsiderRiskManagement": ("Data theft by departing user", "Data leaks"),
    "microsoftThreatIntelligence": ("Nation-state activity detected", "Known C2 domain contacted"),
    "microsoftSecurityForAI": ("Jailbreak attempt blocked by prompt shields", "Credential leak in an AI answer"),
}
_ODD = (
    'Überprüfung: „Konto“ mit Umlauten & "Anführungszeichen"',
    "<script>alert('x')</script> in a mailbox rule & more",
    "Two lines:\nfirst\tand second\r\n",
    r"C:\Users\«user»\\share - 100 % encoded",
    "不審なサインイン 🔥 \u2028 paragraph",
    '=HYPERLINK("http://example.test","click")',
)
_ODD_EVERY = 8

_TEXTS = {product: json_texts(*_OWN[product.service_source]) for product in PRODUCTS}
_ODD_TEXTS = json_texts(*_ODD) + json_texts(*reversed(_ODD))


def title(product: Product, dice: int) -> str:
    """A title as a JSON string, quotes included."""
    if dice % _ODD_EVERY == 0:
        return _ODD_TEXTS[(dice >> 8) % len(_ODD_TEXTS)]
    return _TEXTS[product][(dice >> 8) & 1]
