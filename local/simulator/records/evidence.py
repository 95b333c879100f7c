"""Evidence of alerts_v2: one kind a product, beside the user. Types by Graph's CSDL (2026-08)."""

from typing import Any

_COMMON: dict[str, Any] = {
    "createdDateTime": "«created»",
    "verdict": "«verdict»",
    "remediationStatus": "«remediation»",
    "roles": [],
}
_FILE = {"sha1": "«sha1»", "fileName": "invoice.pdf.exe", "filePath": "C:\\Users\\Public", "fileSize": 431_616}
_DEVICE_ID = "«device_id»"


def _evidence(kind: str, **fields: Any) -> dict[str, Any]:
    return {"@odata.type": f"#microsoft.graph.security.{kind}Evidence", **_COMMON, **fields}


USER = _evidence(
    "user",
    userAccount={
        "azureAdUserId": "«user_id»",
        "userPrincipalName": "«user»@contoso.com",
        "displayName": "Zoë Müller",
    },
)
_APPLICATION = _evidence(
    "oauthApplication", appId=_DEVICE_ID, displayName="Read & Sync", objectId="«user_id»", publisher="Fabrikam"
)
_MESSAGE = _evidence(
    "analyzedMessage",
    networkMessageId=_DEVICE_ID,
    subject="RE: Rechnung №«number»",
    recipientEmailAddress="«user»@contoso.com",
    senderIp="203.0.113.«octet»",
    urls=["https://login.example.test/?a=1&b=2"],
)

BY_SERVICE_SOURCE = {
    "microsoftDefenderForEndpoint": _evidence(
        "file", detectionStatus="prevented", mdeDeviceId=_DEVICE_ID, fileDetails=_FILE
    ),
    "microsoftDefenderForIdentity": _evidence(
        "device", azureAdDeviceId=_DEVICE_ID, deviceDnsName="host«octet».contoso.com", osPlatform="Windows11"
    ),
    "microsoftDefenderForCloudApps": _evidence(
        "cloudApplication", appId=11161, displayName="Microsoft 365", instanceId=0, instanceName="Microsoft 365"
    ),
    "microsoftDefenderForOffice365": _MESSAGE,
    "azureAdIdentityProtection": _evidence("ip", ipAddress="203.0.113.«octet»", countryLetterCode="DE"),
    "dataLossPrevention": _MESSAGE,
    "microsoftDefenderForCloud": _evidence(
        "azureResource",
        resourceId="/subscriptions/«user_id»/resourceGroups/prod/providers/Microsoft.Compute/virtualMachines/vm«octet»",
        resourceName="vm«octet»",
        resourceType="Virtual Machine",
    ),
    "microsoftSentinel": _evidence("ip", ipAddress="2001:db8::«octet»", countryLetterCode="NL"),
    "microsoft365Defender": _evidence(
        "process",
        processId=4711,
        processCommandLine='powershell.exe -EncodedCommand "JABhAD0A" >> C:\\out.txt',
        imageFile=_FILE,
        mdeDeviceId=_DEVICE_ID,
    ),
    "microsoftAppGovernance": _APPLICATION,
    "microsoftInsiderRiskManagement": _evidence(
        "mailbox", primaryAddress="«user»@contoso.com", displayName="«user»", upn="«user»@contoso.com"
    ),
    "microsoftThreatIntelligence": _evidence("url", url="https://c2.example.test/«number»?q=%00"),
    "microsoftSecurityForAI": _evidence(
        "aiAgent", agentId=_DEVICE_ID, agentName="HR helper", hostingPlatformType="copilotStudio"
    ),
}
