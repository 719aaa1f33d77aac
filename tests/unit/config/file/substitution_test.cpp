#include "config/file/substitution.h"

#include <fstream>
#include <ostream>
#include <string>

#include <gmock/gmock.h>

#include "base/path.h"
#include "kit/scratch.h"
#include "unit/config/sample.h"

namespace tocsin::config {
namespace {

struct Expansion {
  std::string text;
  std::expected<std::string, std::string> result;
};

std::ostream& operator<<(std::ostream& out, const Expansion& expansion) {
  return out << expansion.text;
}

class Expansions : public testing::TestWithParam<Expansion> {};

TEST_P(Expansions, AreRightOrSayWhatIsWrong) {
  FilesRead files_read;
  Substitution substitution(kSampleEnvironment, files_read);
  auto result = substitution.expand(GetParam().text, "/nonexistent");
  if (!result) result = std::unexpected(with_slashes(result.error()));
  EXPECT_EQ(result, GetParam().result);
}

Expansion becomes(std::string text, std::string value) {
  return {std::move(text), std::move(value)};
}
Expansion fails(std::string text, std::string mistake) {
  return {std::move(text), std::unexpected(std::move(mistake))};
}

INSTANTIATE_TEST_SUITE_P(
    Texts, Expansions,
    testing::Values(
        becomes("", ""), becomes("plain", "plain"), becomes("${env:PORT}", "4450"),
        becomes("a${env:PORT}b${env:PORT}", "a4450b4450"),
        becomes("MSSQL$INSTANCE", "MSSQL$INSTANCE"), becomes("$${env:PORT}}", "$4450}"),
        becomes("${x} ${ENV:PORT} $", "${x} ${ENV:PORT} $"),
        fails("${env:NOPE}", "the environment variable `NOPE` is not set"),
        fails("${env:LATIN1}", "the environment variable `LATIN1` is not UTF-8 text"),
        fails("x${env:PORT", "`${env:` without a closing brace"),
        fails("${file:}", "`${file:}` names nothing"),
        fails("${file:a}", "the file `/nonexistent/a` cannot be read: No such file or directory"),
        fails("${credential:}", "`${credential:}` names nothing"),
        fails("${credential:../key}",
              "`${credential:../key}` must name a file, without its folder"),
        fails("${credential:.key}", "`${credential:.key}` must name a file, without its folder")));

TEST(Substitution, DoesNotExpandWhatCameIn) {
  FilesRead files_read;
  Substitution substitution({.variable = [](const auto&) { return "${env:OTHER}"; }}, files_read);
  EXPECT_EQ(substitution.expand("${env:A}", ""), "${env:OTHER}");
}

class SecretFile : public testing::Test {
 protected:
  std::string write(const std::string& text) {
    const auto path = folder_.path() / "secret";
    std::ofstream(path, std::ios::binary) << text;
    return to_utf8(path);
  }
  kit::ScratchDirectory folder_;
};

TEST_F(SecretFile, LosesItsByteOrderMarkAndItsNewline) {
  EXPECT_EQ(read_secret_file(write("\xEF\xBB\xBFhunter2\r\n")), "hunter2");
  EXPECT_EQ(read_secret_file(write("hunter2")), "hunter2");
}

TEST_F(SecretFile, IsFoundByTheNameOfACredential) {
  FilesRead files_read;
  Substitution substitution(
      {.credential_file = [path = write("hunter2\n")](
                              const auto& name) { return name == "key" ? path : "/nonexistent"; }},
      files_read);
  EXPECT_EQ(substitution.expand("a${credential:key}", "/etc"), "ahunter2");
  EXPECT_EQ(substitution.file_of("${credential:key}", "/etc"), write("hunter2"));
  EXPECT_EQ(substitution.file_of("a${credential:key}", "/etc"), "");
  EXPECT_EQ(substitution.file_of("${env:key}", "/etc"), "");
}

TEST_F(SecretFile, IsReadAgainEachTime) {
  const auto read = secret_reader(write("one"), SecretForm::password);
  EXPECT_EQ(read().value().reveal(), "one");
  write("two\n");
  EXPECT_EQ(read().value().reveal(), "two");
}

TEST_F(SecretFile, KeepsBlanksAtTheEndOfAPasswordAndDropsThoseOfAToken) {
  const auto path = write("abc \t\r\n");
  EXPECT_EQ(secret_reader(path, SecretForm::password)().value().reveal(), "abc \t");
  EXPECT_EQ(secret_reader(path, SecretForm::token)().value().reveal(), "abc");
}

TEST_F(SecretFile, WithoutASecretIsRefused) {
  const auto path = write(" \n");
  EXPECT_EQ(secret_reader(path, SecretForm::token)().error().what,
            "no token is in the file " + path);
  EXPECT_EQ(secret_reader(write(""), SecretForm::password)().error().what,
            "no password is in the file " + path);
  EXPECT_THAT(secret_reader("/nonexistent/a", SecretForm::token)().error().what,
              testing::StartsWith("the token cannot be read: the file `/nonexistent/a` "));
}

TEST_F(SecretFile, WithBlanksAtItsEndsIsToldOfOnce) {
  FilesRead files_read;
  Substitution substitution(kSampleEnvironment, files_read);
  const auto reference = "${file:" + write("hunter2 \n") + "}";
  EXPECT_EQ(substitution.expand(reference, ""), "hunter2 ");
  EXPECT_EQ(substitution.expand(reference, ""), "hunter2 ");
  EXPECT_THAT(
      substitution.take_warnings(),
      testing::ElementsAre(testing::EndsWith("begins or ends with spaces or line breaks, which are "
                                             "part of it: remove them unless they are intended")));
}

TEST(Substitution, HasAnEnd) {
  FilesRead files_read;
  Substitution substitution({.variable = [](const auto&) { return std::string(1 << 20, 'x'); }},
                            files_read);
  const auto result = [&] {
    for (int i = 0; i < 20; i++) {
      if (auto value = substitution.expand("${env:A}", ""); !value) return value.error();
    }
    return std::string();
  }();
  EXPECT_EQ(result, "the values taken from variables and files up to here exceed 16 MB");
}

}  // namespace
}  // namespace tocsin::config
