// A file descriptor that is closed at the end.
#pragma once

#include <unistd.h>

namespace tocsin::platform {

class Descriptor {
 public:
  /// Negative: none, and errno says why.
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  ~Descriptor() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

}  // namespace tocsin::platform
