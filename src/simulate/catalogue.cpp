#include "simulate/catalogue.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace tocsin::simulate {
namespace {

enum class Start : std::uint8_t { automatic, delayed, manual, disabled };
enum class AtFirst : std::uint8_t { stopped, running };

struct Row {
  const char* name;
  const char* display_name;
  Start start;
  AtFirst at_first;
  /// A group of svchost.exe, or the path of the service's own program.
  const char* program;
  const char* dependencies = "";
};

constexpr auto kAuto = Start::automatic;
constexpr auto kLate = Start::delayed;
constexpr auto kManual = Start::manual;
constexpr auto kOff = Start::disabled;
constexpr auto kRuns = AtFirst::running;
constexpr auto kRests = AtFirst::stopped;

constexpr Row kQlik[] = {
    {"QlikLoggingService", "Qlik Logging Service", kAuto, kRuns,
     R"(C:\Program Files\Qlik\Sense\Logging\Qlik.Logging.Service.exe)"},
    {"QlikSenseEngineService", "Qlik Sense Engine Service", kAuto, kRuns,
     R"(C:\Program Files\Qlik\Sense\Engine\Engine.exe)", "QlikSenseServiceDispatcher/"},
    {"QlikSensePrintingService", "Qlik Sense Printing Service", kAuto, kRuns,
     R"(C:\Program Files\Qlik\Sense\Printing\Qlik.Sense.Printing.exe)",
     "QlikSenseServiceDispatcher/"},
    {"QlikSenseProxyService", "Qlik Sense Proxy Service", kAuto, kRuns,
     R"(C:\Program Files\Qlik\Sense\Proxy\Proxy.exe)", "QlikSenseServiceDispatcher/"},
    {"QlikSenseRepositoryDatabase", "Qlik Sense Repository Database", kAuto, kRuns,
     R"(C:\Program Files\Qlik\Sense\Repository\PostgreSQL\12.5\bin\pg_ctl.exe)"},
    {"QlikSenseRepositoryService", "Qlik Sense Repository Service", kAuto, kRuns,
     R"(C:\Program Files\Qlik\Sense\Repository\Repository.exe)", "QlikSenseServiceDispatcher/"},
    {"QlikSenseSchedulerService", "Qlik Sense Scheduler Service", kAuto, kRuns,
     R"(C:\Program Files\Qlik\Sense\Scheduler\Scheduler.exe)", "QlikSenseServiceDispatcher/"},
    {"QlikSenseServiceDispatcher", "Qlik Sense Service Dispatcher", kAuto, kRuns,
     R"(C:\Program Files\Qlik\Sense\ServiceDispatcher\ServiceDispatcher.exe)"},
};

constexpr Row kSystem[] = {
    {"ALG", "Application Layer Gateway Service", kManual, kRests, R"(C:\Windows\System32\alg.exe)"},
    {"AppIDSvc", "Application Identity", kManual, kRests, "LocalServiceNetworkRestricted",
     "RpcSs/CryptSvc/"},
    {"Appinfo", "Application Information", kManual, kRests, "netsvcs", "RpcSs/ProfSvc/"},
    {"AppMgmt", "Application Management", kManual, kRests, "netsvcs"},
    {"AppReadiness", "App Readiness", kManual, kRests, "AppReadiness"},
    {"AppXSvc", "AppX Deployment Service (AppXSVC)", kManual, kRests, "wsappx", "RpcSs/"},
    {"AudioEndpointBuilder", "Windows Audio Endpoint Builder", kManual, kRests,
     "LocalSystemNetworkRestricted"},
    {"Audiosrv", "Windows Audio", kManual, kRests, "LocalServiceNetworkRestricted",
     "AudioEndpointBuilder/RpcSs/"},
    {"AxInstSV", "ActiveX Installer (AxInstSV)", kOff, kRests, "AxInstSVGroup"},
    {"BFE", "Base Filtering Engine", kAuto, kRuns, "LocalServiceNoNetworkFirewall", "RpcSs/"},
    {"BITS", "Background Intelligent Transfer Service", kManual, kRests, "netsvcs", "RpcSs/"},
    {"BrokerInfrastructure", "Background Tasks Infrastructure Service", kAuto, kRuns, "DcomLaunch",
     "RpcEptMapper/DcomLaunch/RpcSs/"},
    {"bthserv", "Bluetooth Support Service", kManual, kRests, "LocalService"},
    {"camsvc", "Capability Access Manager Service", kManual, kRests, "osprivacy"},
    {"CDPSvc", "Connected Devices Platform Service", kLate, kRuns, "LocalService"},
    {"CertPropSvc", "Certificate Propagation", kManual, kRuns, "netsvcs", "RpcSs/"},
    {"ClipSVC", "Client License Service (ClipSVC)", kManual, kRests, "wsappx", "RpcSs/"},
    {"COMSysApp", "COM+ System Application", kManual, kRuns, R"(C:\Windows\system32\dllhost.exe)",
     "RpcSs/EventSystem/SENS/"},
    {"CoreMessagingRegistrar", "CoreMessaging", kAuto, kRuns, "LocalServiceNoNetwork", "RpcSs/"},
    {"CryptSvc", "Cryptographic Services", kAuto, kRuns, "NetworkService", "RpcSs/"},
    {"CscService", "Offline Files", kOff, kRests, "LocalSystemNetworkRestricted", "RpcSs/"},
    {"DcomLaunch", "DCOM Server Process Launcher", kAuto, kRuns, "DcomLaunch"},
    {"defragsvc", "Optimize drives", kManual, kRests, "defragsvc", "RpcSs/"},
    {"DeviceAssociationService", "Device Association Service", kManual, kRests,
     "LocalSystemNetworkRestricted"},
    {"DeviceInstall", "Device Install Service", kManual, kRests, "DcomLaunch"},
    {"DevQueryBroker", "DevQuery Background Discovery Broker", kManual, kRests,
     "LocalSystemNetworkRestricted"},
    {"Dhcp", "DHCP Client", kAuto, kRuns, "LocalServiceNetworkRestricted", "NSI/Afd/"},
    {"DiagTrack", "Connected User Experiences and Telemetry", kAuto, kRuns, "utcsvc", "RpcSs/"},
    {"DmEnrollmentSvc", "Device Management Enrollment Service", kManual, kRests, "netsvcs",
     "RpcSs/"},
    {"dmwappushservice",
     "Device Management Wireless Application Protocol (WAP) Push message "
     "Routing Service",
     kOff, kRests, "netsvcs", "rpcss/"},
    {"Dnscache", "DNS Client", kAuto, kRuns, "NetworkService", "nsi/Afd/"},
    {"dot3svc", "Wired AutoConfig", kManual, kRests, "LocalSystemNetworkRestricted",
     "RpcSs/Ndisuio/Eaphost/"},
    {"DPS", "Diagnostic Policy Service", kAuto, kRuns, "LocalServiceNoNetwork"},
    {"DsmSvc", "Device Setup Manager", kManual, kRuns, "netsvcs", "RpcSs/"},
    {"DsSvc", "Data Sharing Service", kManual, kRests, "LocalSystemNetworkRestricted"},
    {"Eaphost", "Extensible Authentication Protocol", kManual, kRests, "netsvcs", "RPCSS/KeyIso/"},
    {"EFS", "Encrypting File System (EFS)", kManual, kRests, R"(C:\Windows\System32\lsass.exe)",
     "RPCSS/"},
    {"embeddedmode", "Embedded Mode", kManual, kRests, "LocalSystemNetworkRestricted",
     "BrokerInfrastructure/"},
    {"EntAppSvc", "Enterprise App Management Service", kManual, kRests, "appmodel", "rpcss/"},
    {"EventLog", "Windows Event Log", kAuto, kRuns, "LocalServiceNetworkRestricted"},
    {"EventSystem", "COM+ Event System", kAuto, kRuns, "LocalService", "rpcss/"},
    {"fdPHost", "Function Discovery Provider Host", kManual, kRests, "LocalService", "RpcSs/http/"},
    {"FDResPub", "Function Discovery Resource Publication", kManual, kRests,
     "LocalServiceAndNoImpersonation", "RpcSs/http/fdphost/"},
    {"FontCache", "Windows Font Cache Service", kAuto, kRuns, "LocalService"},
    {"FrameServer", "Windows Camera Frame Server", kManual, kRests, "Camera", "rpcss/"},
    {"gpsvc", "Group Policy Client", kAuto, kRuns, "netsvcs", "RPCSS/Mup/"},
    {"GraphicsPerfSvc", "GraphicsPerfSvc", kOff, kRests, "GraphicsPerfSvcGroup"},
    {"hidserv", "Human Interface Device Service", kManual, kRests, "LocalSystemNetworkRestricted"},
    {"HvHost", "HV Host Service", kManual, kRests, "LocalSystemNetworkRestricted", "hvservice/"},
    {"IKEEXT", "IKE and AuthIP IPsec Keying Modules", kAuto, kRuns, "netsvcs", "BFE/nsi/"},
    {"InstallService", "Microsoft Store Install Service", kManual, kRests, "netsvcs", "rpcss/"},
    {"iphlpsvc", "IP Helper", kAuto, kRuns, "NetSvcs", "RpcSS/tcpip/nsi/WinHttpAutoProxySvc/"},
    {"KeyIso", "CNG Key Isolation", kManual, kRuns, R"(C:\Windows\system32\lsass.exe)", "RpcSs/"},
    {"KPSSVC", "KDC Proxy Server service (KPS)", kManual, kRests, "KpsSvcGroup", "rpcss/http/"},
    {"KtmRm", "KtmRm for Distributed Transaction Coordinator", kManual, kRests,
     "NetworkServiceAndNoImpersonation", "RPCSS/SamSS/"},
    {"LanmanServer", "Server", kAuto, kRuns, "netsvcs", "SamSS/Srv2/"},
    {"LanmanWorkstation", "Workstation", kAuto, kRuns, "NetworkService", "Bowser/MRxSmb20/NSI/"},
    {"lfsvc", "Geolocation Service", kOff, kRests, "netsvcs", "RpcSs/"},
    {"LicenseManager", "Windows License Manager Service", kManual, kRests, "LocalService",
     "rpcss/"},
    {"lltdsvc", "Link-Layer Topology Discovery Mapper", kManual, kRests, "LocalService",
     "rpcss/lltdio/"},
    {"lmhosts", "TCP/IP NetBIOS Helper", kManual, kRuns, "LocalServiceNetworkRestricted", "Afd/"},
    {"LSM", "Local Session Manager", kAuto, kRuns, "DcomLaunch", "RpcEptMapper/DcomLaunch/RpcSs/"},
    {"MapsBroker", "Downloaded Maps Manager", kOff, kRests, "NetworkService", "rpcss/"},
    {"mpssvc", "Windows Defender Firewall", kAuto, kRuns, "LocalServiceNoNetworkFirewall",
     "mpsdrv/bfe/"},
    {"MSDTC", "Distributed Transaction Coordinator", kLate, kRuns,
     R"(C:\Windows\System32\msdtc.exe)", "RPCSS/SamSS/"},
    {"MSiSCSI", "Microsoft iSCSI Initiator Service", kManual, kRests, "netsvcs"},
    {"msiserver", "Windows Installer", kManual, kRests, R"(C:\Windows\system32\msiexec.exe /V)",
     "rpcss/"},
    {"NcaSvc", "Network Connectivity Assistant", kManual, kRests, "NetSvcs",
     "BFE/dnscache/NSI/iphlpsvc/"},
    {"NcbService", "Network Connection Broker", kManual, kRuns, "LocalSystemNetworkRestricted",
     "RpcSS/tcpip/"},
    {"Netlogon", "Netlogon", kAuto, kRuns, R"(C:\Windows\system32\lsass.exe)",
     "LanmanWorkstation/"},
    {"Netman", "Network Connections", kManual, kRests, "LocalSystemNetworkRestricted",
     "RpcSs/nsi/"},
    {"netprofm", "Network List Service", kManual, kRuns, "LocalService", "RpcSs/nlasvc/"},
    {"NetSetupSvc", "Network Setup Service", kManual, kRests, "netsvcs"},
    {"NetTcpPortSharing", "Net.Tcp Port Sharing Service", kOff, kRests,
     R"(C:\Windows\Microsoft.NET\Framework64\v4.0.30319\SMSvcHost.exe)"},
    {"NgcCtnrSvc", "Microsoft Passport Container", kManual, kRests, "LocalServiceNetworkRestricted",
     "RpcSs/"},
    {"NgcSvc", "Microsoft Passport", kManual, kRests, "LocalSystemNetworkRestricted", "RpcSs/"},
    {"NlaSvc", "Network Location Awareness", kAuto, kRuns, "NetworkService",
     "NSI/RpcSs/TcpIp/Dhcp/Eventlog/"},
    {"nsi", "Network Store Interface Service", kAuto, kRuns, "LocalService", "rpcss/nsiproxy/"},
    {"PcaSvc", "Program Compatibility Assistant Service", kLate, kRuns,
     "LocalSystemNetworkRestricted", "RpcSs/"},
    {"PerfHost", "Performance Counter DLL Host", kManual, kRests,
     R"(C:\Windows\SysWow64\perfhost.exe)", "RPCSS/"},
    {"PhoneSvc", "Phone Service", kManual, kRests, "LocalService", "RpcSs/"},
    {"pla", "Performance Logs & Alerts", kManual, kRests, "LocalServiceNoNetwork", "RPCSS/"},
    {"PlugPlay", "Plug and Play", kManual, kRuns, "DcomLaunch"},
    {"PolicyAgent", "IPsec Policy Agent", kManual, kRuns, "NetworkServiceNetworkRestricted",
     "Tcpip/bfe/"},
    {"Power", "Power", kAuto, kRuns, "DcomLaunch"},
    {"PrintNotify", "Printer Extensions and Notifications", kManual, kRests, "print", "RpcSs/"},
    {"ProfSvc", "User Profile Service", kAuto, kRuns, "netsvcs", "RpcSs/"},
    {"PushToInstall", "Windows PushToInstall Service", kOff, kRests, "netsvcs", "rpcss/"},
    {"QWAVE", "Quality Windows Audio Video Experience", kManual, kRests,
     "LocalServiceAndNoImpersonation", "rpcss/psched/QWAVEdrv/LLTDIO/"},
    {"RasAuto", "Remote Access Auto Connection Manager", kManual, kRests, "netsvcs",
     "RasAcd/RasMan/"},
    {"RasMan", "Remote Access Connection Manager", kManual, kRests, "netsvcs", "SstpSvc/DnsCache/"},
    {"RemoteAccess", "Routing and Remote Access", kOff, kRests, "netsvcs",
     "RpcSS/Bfe/RasMan/Http/+NetBIOSGroup/"},
    {"RemoteRegistry", "Remote Registry", kAuto, kRests, "localService", "RPCSS/"},
    {"RmSvc", "Radio Management Service", kOff, kRests, "LocalServiceNetworkRestricted", "RpcSs/"},
    {"RpcEptMapper", "RPC Endpoint Mapper", kAuto, kRuns, "RPCSS"},
    {"RpcLocator", "Remote Procedure Call (RPC) Locator", kManual, kRests,
     R"(C:\Windows\system32\locator.exe)"},
    {"RpcSs", "Remote Procedure Call (RPC)", kAuto, kRuns, "rpcss", "RpcEptMapper/DcomLaunch/"},
    {"RSoPProv", "Resultant Set of Policy Provider", kManual, kRests,
     R"(C:\Windows\system32\RSoPProv.exe)", "RPCSS/"},
    {"sacsvr", "Special Administration Console Helper", kManual, kRests, "netsvcs"},
    {"SamSs", "Security Accounts Manager", kAuto, kRuns, R"(C:\Windows\system32\lsass.exe)",
     "RPCSS/"},
    {"SCardSvr", "Smart Card", kManual, kRests, "LocalServiceAndNoImpersonation", "PlugPlay/"},
    {"ScDeviceEnum", "Smart Card Device Enumeration Service", kManual, kRests,
     "LocalSystemNetworkRestricted"},
    {"Schedule", "Task Scheduler", kAuto, kRuns, "netsvcs", "RPCSS/SystemEventsBroker/"},
    {"SCPolicySvc", "Smart Card Removal Policy", kManual, kRests, "netsvcs", "RpcSs/"},
    {"seclogon", "Secondary Logon", kManual, kRests, "netsvcs"},
    {"SENS", "System Event Notification Service", kAuto, kRuns, "netsvcs", "EventSystem/"},
    {"SensorService", "Sensor Service", kManual, kRests, "LocalSystemNetworkRestricted"},
    {"SessionEnv", "Remote Desktop Configuration", kManual, kRuns, "netsvcs",
     "RPCSS/LanmanWorkstation/"},
    {"SharedAccess", "Internet Connection Sharing (ICS)", kOff, kRests, "netsvcs", "BFE/"},
    {"ShellHWDetection", "Shell Hardware Detection", kAuto, kRuns, "netsvcs", "RpcSs/"},
    {"SNMPTRAP", "SNMP Trap", kManual, kRests, R"(C:\Windows\System32\snmptrap.exe)"},
    {"Spooler", "Print Spooler", kAuto, kRuns, R"(C:\Windows\System32\spoolsv.exe)", "RPCSS/http/"},
    {"sppsvc", "Software Protection", kLate, kRests, R"(C:\Windows\system32\sppsvc.exe)", "RpcSs/"},
    {"SSDPSRV", "SSDP Discovery", kOff, kRests, "LocalServiceAndNoImpersonation", "HTTP/NSI/"},
    {"SstpSvc", "Secure Socket Tunneling Protocol Service", kManual, kRests, "LocalService"},
    {"StateRepository", "State Repository Service", kManual, kRuns, "appmodel", "rpcss/"},
    {"StorSvc", "Storage Service", kManual, kRuns, "LocalSystemNetworkRestricted"},
    {"svsvc", "Spot Verifier", kManual, kRests, "LocalSystemNetworkRestricted"},
    {"swprv", "Microsoft Software Shadow Copy Provider", kManual, kRests, "swprv", "RPCSS/"},
    {"SysMain", "SysMain", kAuto, kRuns, "LocalSystemNetworkRestricted", "rpcss/fileinfo/"},
    {"SystemEventsBroker", "System Events Broker", kAuto, kRuns, "DcomLaunch",
     "RpcEptMapper/RpcSs/"},
    {"TabletInputService", "Touch Keyboard and Handwriting Panel Service", kManual, kRests,
     "LocalSystemNetworkRestricted", "RpcSs/"},
    {"tapisrv", "Telephony", kManual, kRests, "NetworkService", "RpcSs/"},
    {"TermService", "Remote Desktop Services", kManual, kRuns, "termsvcs", "RPCSS/"},
    {"Themes", "Themes", kAuto, kRuns, "netsvcs"},
    {"TieringEngineService", "Storage Tiers Management", kManual, kRests,
     R"(C:\Windows\system32\TieringEngineService.exe)"},
    {"TimeBrokerSvc", "Time Broker", kManual, kRuns, "LocalServiceNetworkRestricted"},
    {"TokenBroker", "Web Account Manager", kManual, kRuns, "netsvcs"},
    {"TrkWks", "Distributed Link Tracking Client", kAuto, kRuns, "LocalSystemNetworkRestricted",
     "RpcSs/"},
    {"TrustedInstaller", "Windows Modules Installer", kManual, kRests,
     R"(C:\Windows\servicing\TrustedInstaller.exe)"},
    {"tzautoupdate", "Auto Time Zone Updater", kOff, kRests, "LocalService"},
    {"UALSVC", "User Access Logging Service", kLate, kRuns, "LocalSystemNetworkRestricted",
     "WinMgmt/"},
    {"UevAgentService", "User Experience Virtualization Service", kOff, kRests,
     R"(C:\Windows\system32\AgentService.exe)"},
    {"UmRdpService", "Remote Desktop Services UserMode Port Redirector", kManual, kRuns,
     "LocalSystemNetworkRestricted", "TermService/RDPDR/"},
    {"upnphost", "UPnP Device Host", kOff, kRests, "LocalServiceAndNoImpersonation",
     "SSDPSRV/HTTP/"},
    {"UserManager", "User Manager", kAuto, kRuns, "netsvcs", "RpcSs/ProfSvc/"},
    {"UsoSvc", "Update Orchestrator Service", kAuto, kRuns, "netsvcs", "rpcss/"},
    {"VaultSvc", "Credential Manager", kManual, kRests, R"(C:\Windows\system32\lsass.exe)",
     "rpcss/"},
    {"vds", "Virtual Disk", kManual, kRests, R"(C:\Windows\System32\vds.exe)", "RpcSs/"},
    {"VSS", "Volume Shadow Copy", kManual, kRests, R"(C:\Windows\system32\vssvc.exe)", "RPCSS/"},
    {"W32Time", "Windows Time", kAuto, kRuns, "LocalService"},
    {"WaaSMedicSvc", "Windows Update Medic Service", kManual, kRests, "wusvcs", "rpcss/"},
    {"WalletService", "WalletService", kManual, kRests, "appmodel"},
    {"WbioSrvc", "Windows Biometric Service", kManual, kRests, "WbioSvcGroup", "RpcSs/"},
    {"Wcmsvc", "Windows Connection Manager", kAuto, kRuns, "LocalServiceNetworkRestricted",
     "RpcSs/NSI/"},
    {"WdiServiceHost", "Diagnostic Service Host", kManual, kRests, "LocalService"},
    {"WdiSystemHost", "Diagnostic System Host", kManual, kRests, "LocalSystemNetworkRestricted"},
    {"WdNisSvc", "Microsoft Defender Antivirus Network Inspection Service", kManual, kRuns,
     R"(C:\ProgramData\Microsoft\Windows Defender\Platform\NisSrv.exe)", "WdNisDrv/"},
    {"Wecsvc", "Windows Event Collector", kManual, kRests, "NetworkService", "HTTP/Eventlog/"},
    {"WEPHOSTSVC", "Windows Encryption Provider Host Service", kManual, kRests, "WepHostSvcGroup",
     "rpcss/"},
    {"WerSvc", "Windows Error Reporting Service", kManual, kRests, "WerSvcGroup"},
    {"WiaRpc", "Still Image Acquisition Events", kManual, kRests, "LocalSystemNetworkRestricted",
     "ShellHWDetection/"},
    {"WinDefend", "Microsoft Defender Antivirus Service", kAuto, kRuns,
     R"(C:\ProgramData\Microsoft\Windows Defender\Platform\MsMpEng.exe)", "RpcSs/"},
    {"WinHttpAutoProxySvc", "WinHTTP Web Proxy Auto-Discovery Service", kManual, kRuns,
     "LocalServiceNetworkRestricted", "Dhcp/"},
    {"Winmgmt", "Windows Management Instrumentation", kAuto, kRuns, "netsvcs", "RPCSS/"},
    {"WinRM", "Windows Remote Management (WS-Management)", kAuto, kRuns, "NetworkService",
     "RPCSS/HTTP/"},
    {"wisvc", "Windows Insider Service", kOff, kRests, "netsvcs", "rpcss/"},
    {"wlidsvc", "Microsoft Account Sign-in Assistant", kManual, kRests, "netsvcs", "RpcSs/"},
    {"wmiApSrv", "WMI Performance Adapter", kManual, kRests,
     R"(C:\Windows\system32\wbem\WmiApSrv.exe)"},
    {"WPDBusEnum", "Portable Device Enumerator Service", kManual, kRests,
     "LocalSystemNetworkRestricted", "RpcSs/"},
    {"WpnService", "Windows Push Notifications System Service", kAuto, kRuns, "netsvcs", "rpcss/"},
    {"WSearch", "Windows Search", kOff, kRests,
     R"(C:\Windows\system32\SearchIndexer.exe /Embedding)", "RPCSS/BrokerInfrastructure/"},
    {"wuauserv", "Windows Update", kManual, kRests, "netsvcs", "rpcss/"},
};

/// Of those above, the ones that an event starts on Windows Server.
constexpr std::string_view kTriggerStarted[] = {
    "AppIDSvc",      "AppXSvc",  "bthserv",       "CertPropSvc",
    "ClipSVC",       "SCardSvr", "SensorService", "TabletInputService",
    "TimeBrokerSvc", "W32Time",  "WbioSrvc",      "WerSvc",
    "wlidsvc",       "wuauserv"};

/// With the session's number appended to both names.
constexpr Row kPerUser[] = {
    {"BcastDVRUserService", "GameDVR and Broadcast User Service", kManual, kRests,
     "BcastDVRUserService"},
    {"CaptureService", "CaptureService", kManual, kRests, "LocalService"},
    {"cbdhsvc", "Clipboard User Service", kLate, kRuns, "ClipboardSvcGroup"},
    {"CDPUserSvc", "Connected Devices Platform User Service", kAuto, kRuns, "UnistackSvcGroup"},
    {"ConsentUxUserSvc", "ConsentUX", kManual, kRests, "DevicesFlow"},
    {"DevicePickerUserSvc", "DevicePicker", kManual, kRests, "DevicesFlow"},
    {"DevicesFlowUserSvc", "DevicesFlow", kManual, kRests, "DevicesFlow"},
    {"PimIndexMaintenanceSvc", "Contact Data", kManual, kRests, "UnistackSvcGroup"},
    {"PrintWorkflowUserSvc", "PrintWorkflow", kManual, kRests, "PrintWorkflow"},
    {"UnistoreSvc", "User Data Storage", kManual, kRests, "UnistackSvcGroup"},
    {"UserDataSvc", "User Data Access", kManual, kRests, "UnistackSvcGroup"},
    {"WpnUserService", "Windows Push Notifications User Service", kAuto, kRuns, "UnistackSvcGroup"},
};

std::shared_ptr<const ServiceDefinition> define(const Row& row, std::string_view suffix = {}) {
  const std::string_view program = row.program;
  const bool own = program.contains('\\');
  svcctl::QueryServiceConfig config{
      .service_type = own ? svcctl::kWin32OwnProcess : svcctl::kWin32ShareProcess,
      .start_type = svcctl::kAutoStart,
      .error_control = 1,
      .binary_path_name = own ? std::string(program)
                              : fmt::format(R"(C:\Windows\system32\svchost.exe -k {} -p)", program),
      .dependencies = row.dependencies,
      .service_start_name = program.starts_with("Local") && !program.starts_with("LocalSystem")
                                ? R"(NT AUTHORITY\LocalService)"
                                : "LocalSystem",
      .display_name = fmt::format("{}{}", row.display_name, suffix)};
  if (!suffix.empty()) config.service_type |= svcctl::kUserService | svcctl::kUserServiceInstance;
  if (row.start == kManual) config.start_type = svcctl::kDemandStart;
  if (row.start == kOff) config.start_type = svcctl::kDisabled;
  auto definition = std::make_shared<ServiceDefinition>(fmt::format("{}{}", row.name, suffix),
                                                        std::move(config), row.start == kLate);
  definition->trigger_start =
      std::ranges::find(kTriggerStarted, std::string_view(row.name)) != std::end(kTriggerStarted);
  definition->runs_at_first = row.at_first == kRuns;
  definition->accepts_pause = std::string_view(row.name) == "LanmanServer" ||
                              std::string_view(row.name) == "Netlogon" ||
                              std::string_view(row.name) == "Winmgmt";
  return definition;
}

}  // namespace

Catalogue make_catalogue(std::size_t count) {
  Catalogue services;
  for (const auto& row : kQlik) services.push_back(define(row));
  for (const auto& row : kSystem)
    if (services.size() < count) services.push_back(define(row));
  for (unsigned session = 0x3a2f1; services.size() < count; session += 0x1d07b)
    for (const auto& row : kPerUser)
      if (services.size() < count) services.push_back(define(row, fmt::format("_{:x}", session)));
  std::ranges::sort(services, {}, [](const auto& one) { return one->name.key(); });
  return services;
}

}  // namespace tocsin::simulate
