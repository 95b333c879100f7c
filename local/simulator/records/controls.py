"""The controls that make up a secure score: the names and titles that tenants have, and some that no reader expects."""

from typing import Final, NamedTuple

from local.simulator.history import dice

PROFILE_COUNT: Final = 120
_SCID_EVERY: Final = 3
_DEPRECATED_EVERY: Final = 23


class Service(NamedTuple):
    """What a control's service decides."""

    name: str
    category: str
    threats: tuple[str, ...]
    portal: str


class Control(NamedTuple):
    """One control. ``max_score`` None or 0: it adds nothing to the score."""

    name: str
    service: str
    max_score: float | None
    cost: str
    impact: str
    tier: str
    title: str
    deprecated: bool = False


_ENTRA = "https://entra.microsoft.com/#view/Microsoft_AAD_IAM?a=1&b=2"
_DEFENDER = "https://security.microsoft.com/securescore?viewid=actions&tid=1"
SERVICES: Final = {
    "AzureAD": Service("Microsoft Entra ID", "Identity", ("Account Breach", "Elevation of Privilege"), _ENTRA),
    "Azure ATP": Service(
        "Defender for Identity", "Identity", ("Account Breach", "Malicious Insider"), "https://security.microsoft.com/"
    ),
    "EXO": Service(
        "Exchange Online", "Apps", ("Data Exfiltration", "Spillage"), "https://admin.exchange.microsoft.com"
    ),
    "MDO": Service("Defender for Office 365", "Apps", ("Phishing/Whaling", "Spoofing"), _DEFENDER),
    "MCAS": Service("Defender for Cloud Apps", "Apps", ("Data Exfiltration",), "https://portal.cloudappsecurity.com/"),
    "SPO": Service("SharePoint Online", "Apps", ("Data Spillage",), "https://admin.microsoft.com/sharepoint"),
    "MS Teams": Service("Microsoft Teams", "Apps", ("Data Spillage",), "https://admin.teams.microsoft.com/"),
    "MIP": Service(
        "Microsoft Purview", "Data", ("Data Exfiltration", "Data Deletion"), "https://purview.microsoft.com"
    ),
    "MDATP": Service("Defender for Endpoint", "Device", ("Password Cracking", "Data Exfiltration"), _DEFENDER),
    "Azure": Service(
        "Defender for Cloud", "Infrastructure", ("Elevation of Privilege",), "https://portal.azure.com/#blade"
    ),
}

# name | service | maximum ("-": null) | cost | user impact | tier | title
_LISTED = r"""
AdminMFAV2 | AzureAD | 10 | Low | Low | Core | Ensure multifactor authentication is enabled for all users in administrative roles
MFARegistrationV2 | AzureAD | 9 | High | High | Core | Ensure multifactor authentication is enabled for all users
BlockLegacyAuthentication | AzureAD | 8 | Moderate | Moderate | Core | Enable Conditional Access policies to block legacy authentication
SelfServicePasswordReset | AzureAD | 1 | Moderate | Moderate | Core | Ensure 'Self service password reset enabled' is set to 'All'
SigninRiskPolicy | AzureAD | 7 | Moderate | Moderate | Core | Enable Microsoft Entra ID Protection sign-in risk policies
UserRiskPolicy | AzureAD | 7 | Moderate | Moderate | Core | Enable Microsoft Entra ID Protection user risk policies
RoleOverlap | AzureAD | 1 | Low | Low | Core | Use least privileged administrative roles
OneAdmin | AzureAD | 1 | Low | Low | Core | Designate more than one global admin
IntegratedApps | AzureAD | 4 | Low | Moderate | Core | Ensure user consent to apps accessing company data on their behalf is not allowed
PWAgePolicyNew | AzureAD | 8 | Low | Low | Core | Ensure the 'Password expiration policy' is set to 'Set passwords to never expire'
aad_phishing_MFA_strength | AzureAD | 5 | High | Moderate | Advanced | Ensure 'Phishing-resistant MFA strength' is required for administrators
aad_sign_in_freq_session_timeout | AzureAD | 10 | Low | Moderate | Defense in Depth | Ensure sign-in frequency is enabled and browser sessions of administrators are not persistent
aad_custom_banned_passwords | AzureAD | 5 | Low | Low | Core | Ensure custom banned passwords lists are used
aad_password_protection | AzureAD | 5 | Moderate | Low | Core | Ensure password protection is enabled for on-premises Active Directory
aad_linkedin_connection_disables | AzureAD | 1 | Low | Low | Defense in Depth | Ensure 'LinkedIn account connections' is disabled
aad_third_party_apps | AzureAD | 1 | Low | Moderate | Core | Ensure third-party integrated applications are not allowed
aad_guest_invites | AzureAD | 2 | Low | Moderate | Defense in Depth | Say "no" to 'guest' invitations from guests, 100 % of them
AATP_DefenderForIdentityIsNotInstalled | Azure ATP | 5 | Moderate | Low | Core | Start your Defender for Identity deployment, installing sensors on domain controllers
AATP_ClearText | Azure ATP | 5 | Moderate | Low | Core | Stop clear text credentials exposure
AATP_UnsecureAccount | Azure ATP | 5 | Moderate | Low | Defense in Depth | Resolve unsecure account attributes
AATP_KerberosDelegations | Azure ATP | 5 | High | Low | Defense in Depth | Modify unsecure Kerberos delegations to prevent impersonation
AATP_LAPS | Azure ATP | 5 | Moderate | Low | Core | Protect and manage local admin passwords with Microsoft LAPS
AATP_PrintSpooler | Azure ATP | 5 | Low | Low | Core | Disable Print spooler service on domain controllers
AATP_DormantAccounts | Azure ATP | 5 | Low | Low | Core | Remove dormant accounts from sensitive groups
exo_mailboxaudit | EXO | 5 | Low | Low | Core | Ensure mailbox auditing for all users is enabled
exo_oauth2clientprofileenabled | EXO | 5 | Low | Moderate | Core | Ensure modern authentication for Exchange Online is enabled
exo_dkim | EXO | 3 | Moderate | Low | Core | Ensure that DKIM is enabled for all Exchange Online domains
exo_mailtips | EXO | 1 | Low | Low | Defense in Depth | Ensure MailTips are enabled for end users
exo_outlookaddins | EXO | 2 | Low | Moderate | Defense in Depth | Ensure users installing Outlook add-ins is not allowed
exo_transport_rules | EXO | 3 | Low | Low | Core | Review <script>alert(1)</script> & other content in mail flow rules
mdo_safelinksforemail | MDO | 9 | Low | Moderate | Core | Create Safe Links policies for email messages
mdo_safeattachments | MDO | 8 | Low | Moderate | Core | Turn on Safe Attachments in block mode
mdo_atpprotection | MDO | 5 | Low | Low | Core | Ensure Safe Attachments for SharePoint, OneDrive, and Microsoft Teams is enabled
mdo_phisspamacation | MDO | 5 | Low | Low | Core | Quarantine messages that are detected from impersonated users
mdo_targetedusersprotection | MDO | 8 | Low | Low | Core | Enable impersonated user protection
mdo_targeteddomainprotection | MDO | 8 | Low | Low | Core | Enable impersonated domain protection
mdo_enablemailboxintelligence | MDO | 8 | Low | Low | Core | Enable the option for mailbox intelligence in anti-phishing policies
mdo_phishthresholdlevel | MDO | 8 | Low | Low | Core | Set the phishing email level threshold at 2 or higher
mdo_zapmalware | MDO | 6 | Low | Low | Core | Create zero-hour auto purge policies for malware
mdo_zapphish | MDO | 5 | Low | Low | Core | Create zero-hour auto purge policies for phishing messages
mdo_commonattachmentsfilter | MDO | 5 | Low | Low | Core | Ensure the common attachment types filter is enabled
mdo_blockmailforward | MDO | 1 | Low | Moderate | Core | Ensure all forms of mail forwarding to external domains are blocked
mdo_simulation | MDO | 0 | Moderate | Moderate | Advanced | Train users with attack simulations
McasFirewallLogUpload | MCAS | 1 | Moderate | Low | Core | Deploy a log collector to discover shadow IT activity
CustomActivityPolicy | MCAS | 2 | Low | Low | Core | Create a custom activity policy to get alerts about suspicious usage patterns
mcas_app_governance | MCAS | 3 | Low | Low | Advanced | Create an app discovery policy to identify new & trending cloud apps
mcas_export | MCAS | 2 | Low | Low | Advanced | =HYPERLINK("http://example.test/?a=1&b=2","Set up „Datei-Richtlinien“ für geteilte Dateien")
spo_idle_session_timeout | SPO | 1 | Low | Moderate | Defense in Depth | Sign out inactive users in SharePoint Online
spo_legacy_auth | SPO | 1 | Low | Moderate | Core | Ensure modern authentication for SharePoint applications is required
spo_external_sharing_managed | SPO | 1 | Moderate | High | Defense in Depth | Ensure that SharePoint external sharing is managed through domain allowlists
meeting_autoadmitusers | MS Teams | 2 | Low | Moderate | Defense in Depth | Configure which users are allowed to present in Teams meetings
meeting_restrictanonymousjoin | MS Teams | 1 | Low | High | Defense in Depth | Restrict anonymous users from joining meetings
meeting_restrictanonymousstart | MS Teams | 1 | Low | Low | Core | Restrict anonymous users from starting Teams meetings
teams_external_access | MS Teams | 2 | Low | Moderate | Defense in Depth | Limit external participants from having control in a Teams meeting</title><img src=x onerror=alert(2)>
mip_sensitivitylabelspolicies | MIP | 5 | High | High | Advanced | Publish Microsoft Purview Information Protection sensitivity label policies
mip_DLP_policies | MIP | 5 | Moderate | Moderate | Core | Ensure data loss prevention policies are enabled
mip_search_auditlog | MIP | 3 | Low | Low | Core | Ensure Microsoft 365 audit log search is enabled
mip_retention | MIP | - | High | Low | Advanced | 保持ポリシーを確認する (review retention policies)
scid_91 | MDATP | 9 | Moderate | Low | Core | Encrypt all BitLocker-supported drives
scid_96 | MDATP | 9 | Low | Low | Core | Turn on Microsoft Defender Firewall
scid_2003 | MDATP | 8 | Low | Low | Core | Turn on Tamper Protection
scid_2010 | MDATP | 9 | Low | Low | Core | Turn on Microsoft Defender Antivirus real-time protection
scid_2011 | MDATP | 8 | Low | Low | Core | Update Microsoft Defender Antivirus definitions
scid_2500 | MDATP | 9 | Moderate | Moderate | Core | Block executable content from email client and webmail
scid_2501 | MDATP | 9 | Moderate | Moderate | Core | Block all Office applications from creating child processes
scid_2505 | MDATP | 9 | Moderate | Low | Core | Block credential stealing from the Windows local security authority subsystem (lsass.exe)
scid_3001 | MDATP | 8 | High | High | Defense in Depth | Disable 'Always install with elevated privileges' on C:\Windows\Installer\*
asc_mfa_owners | Azure | 10 | Low | Moderate | Core | Accounts with owner permissions on Azure resources should be MFA enabled
asc_management_ports | Azure | 8 | Moderate | Moderate | Core | Management ports of virtual machines should be protected with just-in-time network access
asc_disk_encryption | Azure | 4 | High | Low | Defense in Depth | Virtual machines should encrypt temp disks, caches, and data flows
"""  # noqa: E501 - a table
_DEPRECATED = frozenset({"PWAgePolicyNew", "CustomActivityPolicy", "spo_legacy_auth"})
_LEVELS = ("Low", "Low", "Moderate", "High")
_TIERS = ("Core", "Core", "Defense in Depth", "Advanced")


def _listed(line: str) -> Control:
    name, service, most, cost, impact, tier, title = line.split(" | ", 6)
    return Control(name, service, None if most == "-" else float(most), cost, impact, tier, title, name in _DEPRECATED)


def _made(number: int) -> Control:
    """One of the many that nobody knows by name."""
    bits = dice(0, number)
    service = "MDATP" if number % _SCID_EVERY == 0 else [*SERVICES][bits % len(SERVICES)]
    return Control(
        f"scid_{2000 + number}" if service == "MDATP" else f"control_{number}",
        service,
        float(1 + (bits >> 8) % 10),
        _LEVELS[bits >> 16 & 3],
        _LEVELS[bits >> 18 & 3],
        _TIERS[bits >> 20 & 3],
        f"Set recommendation {number} of {SERVICES[service].name} to its recommended value",
        number % _DEPRECATED_EVERY == 0,
    )


_KNOWN = tuple(map(_listed, _LISTED.strip().splitlines()))
CONTROLS: Final = (*_KNOWN, *map(_made, range(len(_KNOWN), PROFILE_COUNT)))


def control(number: int) -> Control:
    """The control of this number; there is no last one."""
    return CONTROLS[number] if number < PROFILE_COUNT else _made(number)
