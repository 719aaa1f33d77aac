#include "kit/forgetful_disk.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <new>
#include <string_view>
#include <utility>

namespace tocsin::kit {
namespace {

void apply(std::string& file, std::size_t offset, std::string_view bytes) {
  file.resize(bytes.empty() ? offset : std::max(file.size(), offset + bytes.size()));
  file.replace(offset, bytes.size(), bytes);
}

}  // namespace

/// An open file as SQLite sees it. The system's own lies behind it in memory.
struct ForgetfulDisk::File : sqlite3_file {
  ForgetfulDisk* disk;
  Image* image;

  static sqlite3_file* system(sqlite3_file* file) {
    return reinterpret_cast<sqlite3_file*>(static_cast<File*>(file) + 1);
  }
};

/// What SQLite calls ("Application-Defined Functions" of the VFS,
/// sqlite.org/c3ref/io_methods.html).
struct ForgetfulDisk::Methods {
  /// Passes a call on to the system's file.
  template <auto Method, typename... Arguments>
  static int pass(sqlite3_file* file, Arguments... arguments) {
    auto* system = File::system(file);
    return (system->pMethods->*Method)(system, arguments...);
  }

  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* place, int flags, int* out) {
    auto* disk = static_cast<ForgetfulDisk*>(vfs->pAppData);
    auto* file = new (place) File{};
    const int opened = disk->system_->xOpen(disk->system_, name, File::system(file), flags, out);
    if (opened != SQLITE_OK) return opened;
    const auto [image, added] = disk->images_.try_emplace(name);
    if (added) {
      std::ifstream in(name, std::ios::binary);
      image->second.synced.assign(std::istreambuf_iterator<char>(in), {});
    }
    file->pMethods = &kMethods;
    file->disk = disk;
    file->image = &image->second;
    return SQLITE_OK;
  }

  static int remove(sqlite3_vfs* vfs, const char* name, int sync_directory) {
    auto* disk = static_cast<ForgetfulDisk*>(vfs->pAppData);
    disk->images_.erase(name);
    return disk->system_->xDelete(disk->system_, name, sync_directory);
  }

  static int write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 offset) {
    note(file, offset, {static_cast<const char*>(bytes), static_cast<std::size_t>(count)});
    return pass<&sqlite3_io_methods::xWrite>(file, bytes, count, offset);
  }

  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    note(file, size, {});
    return pass<&sqlite3_io_methods::xTruncate>(file, size);
  }

  static int sync(sqlite3_file* file, int flags) {
    const auto* self = static_cast<File*>(file);
    self->disk->before_each_();
    auto& [synced, later] = *self->image;
    for (const auto& [offset, bytes] : later) apply(synced, offset, bytes);
    later.clear();
    return pass<&sqlite3_io_methods::xSync>(file, flags);
  }

  static void note(sqlite3_file* file, sqlite3_int64 offset, std::string_view bytes) {
    const auto* self = static_cast<File*>(file);
    self->disk->before_each_();
    self->image->later.push_back({static_cast<std::size_t>(offset), std::string(bytes)});
  }

  static void shm_barrier(sqlite3_file* file) {
    File::system(file)->pMethods->xShmBarrier(File::system(file));
  }

  /// Version 2: with shared memory, without memory-mapped reading.
  static constexpr sqlite3_io_methods kMethods{
      .iVersion = 2,
      .xClose = pass<&sqlite3_io_methods::xClose>,
      .xRead = pass<&sqlite3_io_methods::xRead>,
      .xWrite = write,
      .xTruncate = truncate,
      .xSync = sync,
      .xFileSize = pass<&sqlite3_io_methods::xFileSize>,
      .xLock = pass<&sqlite3_io_methods::xLock>,
      .xUnlock = pass<&sqlite3_io_methods::xUnlock>,
      .xCheckReservedLock = pass<&sqlite3_io_methods::xCheckReservedLock>,
      .xFileControl = pass<&sqlite3_io_methods::xFileControl>,
      .xSectorSize = pass<&sqlite3_io_methods::xSectorSize>,
      .xDeviceCharacteristics = pass<&sqlite3_io_methods::xDeviceCharacteristics>,
      .xShmMap = pass<&sqlite3_io_methods::xShmMap>,
      .xShmLock = pass<&sqlite3_io_methods::xShmLock>,
      .xShmBarrier = shm_barrier,
      .xShmUnmap = pass<&sqlite3_io_methods::xShmUnmap>,
  };
};

ForgetfulDisk::ForgetfulDisk() : system_(sqlite3_vfs_find(nullptr)), vfs_(*system_) {
  vfs_.pNext = nullptr;
  vfs_.zName = "forgetful";
  vfs_.pAppData = this;
  vfs_.szOsFile += static_cast<int>(sizeof(File));
  vfs_.xOpen = Methods::open;
  vfs_.xDelete = Methods::remove;
  sqlite3_vfs_register(&vfs_, 1);
}

ForgetfulDisk::~ForgetfulDisk() {
  sqlite3_vfs_unregister(&vfs_);
  sqlite3_vfs_register(system_, 1);
}

void ForgetfulDisk::cut_power(const std::filesystem::path& directory, std::mt19937& chance) const {
  std::filesystem::create_directories(directory);
  for (const auto& [path, image] : images_) {
    auto left = image.synced;
    for (const auto& [offset, bytes] : image.later) {
      const auto fate = chance() % 3;
      if (fate == 0) continue;
      const auto size = fate == 1 || bytes.empty() ? bytes.size() : 1 + chance() % bytes.size();
      apply(left, offset, std::string_view(bytes).substr(0, size));
    }
    const auto copy = directory / std::filesystem::path(path).filename();
    std::ofstream(copy, std::ios::binary) << left;
  }
}

}  // namespace tocsin::kit
