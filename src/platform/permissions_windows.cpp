#include "platform/windows.h"

#include <aclapi.h>
#include <array>
#include <bcrypt.h>
#include <fstream>
#include <memory>
#include <sddl.h>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include "base/path.h"
#include "base/text.h"
#include "base/try.h"
#include "platform/access_rules.h"
#include "platform/accounts.h"
#include "platform/os_error.h"
#include "platform/permissions.h"
#include "platform/wide.h"

namespace tocsin::platform {

namespace fs = std::filesystem;

namespace {

/// Reading, writing and deleting, but not changing who may.
constexpr DWORD kModify = FILE_GENERIC_READ | FILE_GENERIC_WRITE | FILE_GENERIC_EXECUTE | DELETE;

template <typename T>
using Local = std::unique_ptr<T, Closer<LocalFree>>;

Local<void> sid_from(const std::string& text) {
  PSID sid = nullptr;
  ConvertStringSidToSidW(wide(text).c_str(), &sid);
  return Local<void>(sid);
}

std::string text_of(PSID sid) {
  wchar_t* text = nullptr;
  if (ConvertSidToStringSidW(sid, &text) == FALSE) return {};
  return narrow(Local<wchar_t>(text).get());
}

/// "DOMAIN\name", or the SID of an account that nobody knows here.
std::string name_of(PSID sid) {
  std::array<wchar_t, 256> name{};
  std::array<wchar_t, 256> domain{};
  DWORD name_size = name.size();
  DWORD domain_size = domain.size();
  SID_NAME_USE use{};
  if (LookupAccountSidW(nullptr, sid, name.data(), &name_size, domain.data(), &domain_size, &use) ==
      FALSE)
    return text_of(sid);
  return narrow(domain.data()) + "\\" + narrow(name.data());
}

/// Owner and access list of a file or directory.
struct Security {
  Local<void> descriptor;
  PSID owner = nullptr;  ///< in the descriptor, as the list
  PACL list = nullptr;   ///< null: everybody may do everything
};

Result<Security> security_of(const fs::path& path) {
  Security security;
  PSECURITY_DESCRIPTOR descriptor = nullptr;
  const auto code = GetNamedSecurityInfoW(
      path.c_str(), SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
      &security.owner, nullptr, &security.list, nullptr, &descriptor);
  if (code != ERROR_SUCCESS)
    return fail_windows(code, to_utf8(path) + ": its permissions cannot be read");
  security.descriptor.reset(descriptor);
  return security;
}

std::vector<AccessEntry> entries_of(PACL list) {
  std::vector<AccessEntry> entries;
  for (DWORD i = 0; i < list->AceCount; i++) {
    void* raw = nullptr;
    if (GetAce(list, i, &raw) == FALSE) break;
    // Denied and allowed entries have the same layout; others name no account that we look for.
    auto* entry = static_cast<ACCESS_ALLOWED_ACE*>(raw);
    const auto type = entry->Header.AceType;
    if (type != ACCESS_ALLOWED_ACE_TYPE && type != ACCESS_DENIED_ACE_TYPE) continue;
    if ((entry->Header.AceFlags & INHERIT_ONLY_ACE) != 0) continue;
    entries.push_back({.allows = type == ACCESS_ALLOWED_ACE_TYPE,
                       .rights = entry->Mask,
                       .sid = text_of(&entry->SidStart)});
  }
  return entries;
}

/// Adds an entry to the list; what the directory contains inherits it.
Result<> grant(const fs::path& path, const Security& security, const std::string& sid, DWORD rights,
               DWORD inheritance) {
  const auto account = sid_from(sid);
  EXPLICIT_ACCESSW entry{.grfAccessPermissions = rights,
                         .grfAccessMode = GRANT_ACCESS,
                         .grfInheritance = inheritance,
                         .Trustee = {}};
  entry.Trustee.TrusteeForm = TRUSTEE_IS_SID;
  entry.Trustee.ptstrName = static_cast<wchar_t*>(account.get());
  const auto failed = [&](DWORD code) {
    return fail_windows(code, to_utf8(path) + ": its permissions cannot be changed");
  };
  PACL list = nullptr;
  if (const auto code = SetEntriesInAclW(1, &entry, security.list, &list); code != ERROR_SUCCESS)
    return failed(code);
  const Local<ACL> owner(list);
  auto name = path.native();
  if (const auto code = SetNamedSecurityInfoW(
          name.data(), SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, nullptr, nullptr, list, nullptr);
      code != ERROR_SUCCESS)
    return failed(code);
  return {};
}

/// Answers whether it did not exist.
Result<bool> make_directory(const fs::path& directory, const std::string& sid) {
  const auto failed = [&](DWORD code) {
    return fail_windows(code, to_utf8(directory) + ": it cannot be made");
  };
  const auto path = directory.has_filename() ? directory : directory.parent_path();
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error) return failed(static_cast<DWORD>(error.value()));
  PSECURITY_DESCRIPTOR descriptor = nullptr;
  if (ConvertStringSecurityDescriptorToSecurityDescriptorW(
          wide(private_directory_sddl(sid)).c_str(), SDDL_REVISION_1, &descriptor, nullptr) ==
      FALSE)
    return failed(GetLastError());
  const Local<void> owner(descriptor);
  SECURITY_ATTRIBUTES attributes{
      .nLength = sizeof(attributes), .lpSecurityDescriptor = descriptor, .bInheritHandle = FALSE};
  if (CreateDirectoryW(path.c_str(), &attributes) != FALSE) return true;
  const auto code = GetLastError();
  if (code == ERROR_ALREADY_EXISTS && fs::is_directory(path, error)) return false;
  return failed(code);
}

}  // namespace

Result<std::string> user_sid() {
  HANDLE token = nullptr;
  if (OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token) == FALSE)
    return fail_windows(GetLastError(), "OpenProcessToken");
  const std::unique_ptr<void, Closer<CloseHandle>> owner(token);
  alignas(TOKEN_USER) std::array<std::byte, sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE> buffer{};
  DWORD size = 0;
  if (GetTokenInformation(token, TokenUser, buffer.data(), buffer.size(), &size) == FALSE)
    return fail_windows(GetLastError(), "GetTokenInformation");
  return text_of(reinterpret_cast<const TOKEN_USER*>(buffer.data())->User.Sid);
}

Result<std::string> sid_of_service(const std::string& name) {
  auto folded = to_utf16(fold_case(name));
  BCRYPT_ALG_HANDLE algorithm = nullptr;
  auto status = BCryptOpenAlgorithmProvider(&algorithm, BCRYPT_SHA1_ALGORITHM, nullptr, 0);
  if (!BCRYPT_SUCCESS(status)) return fail(ErrorKind::unsupported, "this system has no SHA-1");
  std::array<std::uint8_t, 20> hash{};
  status = BCryptHash(algorithm, nullptr, 0, folded.data(), static_cast<ULONG>(folded.size()),
                      hash.data(), hash.size());
  BCryptCloseAlgorithmProvider(algorithm, 0);
  if (!BCRYPT_SUCCESS(status)) return fail(ErrorKind::unsupported, "BCryptHash failed");
  return service_sid(hash);
}

Result<> make_private_directory(const fs::path& directory) {
  TRY(const auto user, user_sid());
  TRY(make_directory(directory, user));
  return {};
}

Result<> give_directory(const fs::path& directory, const std::string& sid) {
  if (directory.relative_path().empty())
    return fail(ErrorKind::rejected,
                to_utf8(directory) + " is a whole drive: choose a directory on it");
  TRY(const auto made, make_directory(directory, sid));
  if (made) return {};
  TRY(const auto security, security_of(directory));
  TRY(const auto user, user_sid());
  if (!is_trusted_owner(text_of(security.owner), user, sid))
    return fail(ErrorKind::rejected, to_utf8(directory) + " belongs to " + name_of(security.owner) +
                                         ", who is not an administrator and can put anything into "
                                         "it: remove it, or choose another directory");
  if (security.list == nullptr) return {};  // a file system without permissions
  return grant(directory, security, sid, kModify, SUB_CONTAINERS_AND_OBJECTS_INHERIT);
}

Result<> let_read(const fs::path& file, const std::string& sid) {
  TRY(const auto security, security_of(file));
  return grant(file, security, sid, FILE_GENERIC_READ, NO_INHERITANCE);
}

bool is_readable_by_others(const fs::path& file) {
  std::error_code error;
  if (!fs::is_regular_file(file, error)) return false;
  const auto security = security_of(file);
  if (!security) return false;
  return security->list == nullptr || lets_others_read(entries_of(security->list));
}

bool is_writable_by_others(const fs::path& directory) {
  std::error_code error;
  if (!fs::is_directory(directory, error)) return false;
  const auto security = security_of(directory);
  if (!security) return false;
  return security->list == nullptr || lets_others_write(entries_of(security->list));
}

/// What an administrator makes there inherits the access list of the directory.
void give_to_owner(const fs::path& /*directory*/, std::span<const std::string_view> /*files*/) {}

/// So does every file here.
void keep_files_from_others() {}

Result<> replace_file(const fs::path& file, const std::string& text) {
  auto fresh = file;
  fresh += ".new";
  std::error_code error;
  fs::remove(fresh, error);
  {
    std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
    out << text;
    out.close();
    error = out ? std::error_code() : std::make_error_code(std::errc::io_error);
  }
  if (!error) fs::rename(fresh, file, error);
  if (!error) return {};
  return fail(ErrorKind::storage,
              printable(to_utf8(file)) + ": it cannot be written: " + error.message());
}

std::string_view how_to_hide() { return "`icacls` or its properties, tab Security, prevent that"; }

}  // namespace tocsin::platform
