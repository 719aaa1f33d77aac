// Whether a reload would read something else.
#include "config/file/files_read.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "base/path.h"
#include "kit/scratch.h"
#include "unit/config/sample.h"

namespace tocsin::config {
namespace {

namespace fs = std::filesystem;

class FilesReadTest : public testing::Test {
 protected:
  FilesReadTest() {
    write("main.yaml", sample_with({{1, "tocsin:\n  include: [more/*.yaml, last.yaml]"},
                                    {3,
                                     "    credentials:\n      - {name: other, username: u, "
                                     "password: '${file:renewed.secret}'}"},
                                    {14, "        - webhookURL: ${file:url.secret}"}}));
    write("renewed.secret", "first");
    write("url.secret", "https://desk.example/hook");
    write("more/a.yaml", monitor("a"));
    write("last.yaml", monitor("b") + "  web: {certificateFile: web.pem}\n  logLevel: warn\n");
    write("web.pem", "whatever it is");
    auto loaded = load(to_utf8(folder_ / "main.yaml"), kSampleEnvironment);
    EXPECT_TRUE(loaded.config) << to_string(loaded.findings.front());
    if (loaded.config) files_ = std::move(loaded.config->files_read);
  }
  static std::string monitor(std::string_view host) {
    return "tocsin:\n  serviceMonitor:\n    monitor:\n      - {host: " + std::string(host) +
           ", services: [{name: x}]}\n";
  }
  void write(const std::string& name, const std::string& text) {
    const auto path = folder_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    // As if some time had passed: the clock of a disk may stand still between two writes.
    fs::last_write_time(path, fs::file_time_type::clock::now() + std::chrono::seconds(++writes_));
  }
  [[nodiscard]] bool have_changed() const { return files_.have_changed(); }

  kit::ScratchDirectory scratch_{kit::ScratchDirectory::Place::memory};
  const fs::path folder_ = fs::weakly_canonical(scratch_.path());
  int writes_ = 0;
  FilesRead files_;
};

TEST_F(FilesReadTest, AreTheSameAtFirst) { EXPECT_FALSE(have_changed()); }

TEST_F(FilesReadTest, AreTheSameWhenTheyAreOnlyTouched) {
  write("more/a.yaml", monitor("a"));
  EXPECT_FALSE(have_changed());
}

TEST_F(FilesReadTest, ChangeWithEachOfThem) {
  for (const auto* name : {"main.yaml", "more/a.yaml", "last.yaml", "url.secret", "web.pem"}) {
    std::ifstream file(folder_ / name, std::ios::binary);
    const std::string before{std::istreambuf_iterator<char>(file), {}};
    auto other = before;
    other.back() = other.back() == 'x' ? 'y' : 'x';
    write(name, other);
    EXPECT_TRUE(have_changed()) << name << ", whose size is the same";
    write(name, before);
    EXPECT_FALSE(have_changed()) << name;
  }
}

TEST_F(FilesReadTest, ChangeWhenOneComesOrGoes) {
  write("more/b.yaml", monitor("c"));
  EXPECT_TRUE(have_changed());
  fs::remove(folder_ / "more/b.yaml");
  EXPECT_FALSE(have_changed());
  write("more/b.txt", monitor("c"));
  EXPECT_FALSE(have_changed()) << "the pattern does not name it";
  fs::remove(folder_ / "last.yaml");
  EXPECT_TRUE(have_changed());
}

TEST_F(FilesReadTest, DoNotChangeWithASecretThatIsReadAgainByItself) {
  write("renewed.secret", "second");
  EXPECT_FALSE(have_changed());
}

TEST_F(FilesReadTest, ChangeWhenAFileThatWasMissingAppears) {
  FilesRead files;
  files.add(to_utf8(folder_ / "missing"));
  EXPECT_FALSE(files.have_changed());
  write("missing", "");
  EXPECT_TRUE(files.have_changed());
}

}  // namespace
}  // namespace tocsin::config
