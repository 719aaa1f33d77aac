#include "kit/scratch.h"

#include <random>
#include <string>
#include <system_error>

namespace tocsin::kit {

namespace fs = std::filesystem;

ScratchDirectory::ScratchDirectory(Place place) {
  const fs::path memory = "/dev/shm";
  const auto above =
      place == Place::memory && fs::exists(memory) ? memory : fs::temp_directory_path();
  std::random_device random;
  do {
    path_ = above / ("tocsin-test-" + std::to_string(random()) + std::to_string(random()));
  } while (!fs::create_directory(path_));
  fs::permissions(path_, fs::perms::owner_all);
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace tocsin::kit
