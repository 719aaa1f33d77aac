#include "notify/http_body.h"

#include <utility>

#include <gtest/gtest.h>

namespace tocsin::notify {
namespace {

TEST(HttpBody, KnowsWhatABodyIs) {
  using enum BodyForm;
  for (const auto& [body, form] : {
           std::pair("", empty),
           std::pair(" \r\n", empty),
           std::pair("ok", text),
           std::pair("Ung\xFCltiger Kanal: operations", text),
           std::pair("\xEF\xBB\xBF<!DOCTYPE html>", markup),
           std::pair("\n<?xml version='1.0'?><Error/>", markup),
           std::pair("{\"a\":1}", json),
           std::pair("[{\"cut", json),
           std::pair("\x1F\x8B\x08\x01\x02", bytes),
           std::pair("\x8B\xFF\x07\x01 brotli", bytes),
       }) {
    EXPECT_EQ(form_of(body), form) << body;
  }
  EXPECT_EQ(form_of(std::string("o\0k\0", 4)), bytes);
  EXPECT_EQ(form_of("a\tb\r\nc\td\n"), text);
}

TEST(HttpBody, ReadsAsWords) {
  EXPECT_EQ(words_of_body("no such\r\n\r\n  room "), "no such room");
  EXPECT_EQ(words_of_body("\x1F\x8B\x08"), "(3 bytes that are not text)");
  EXPECT_EQ(words_of_body("<html><head><TITLE>ERROR: Access Denied</TITLE>"
                          "<style type=\"text/css\">body { color: red }</STYLE>\n"
                          "<script>if (a > b) alert('<b>')</script><!-- a > b --></head>"
                          "<body><p>Tom &amp; Jerry said &quot;no&#39;&lt;&nbsp;&eacute;</p"),
            "ERROR: Access Denied Tom & Jerry said \"no'< &eacute;");
  EXPECT_EQ(words_of_body("<script>never ends"), "");
}

TEST(HttpBody, FindsFailuresThatApisSayBesideSuccess) {
  EXPECT_EQ(failure_in(R"({"ok":false,"error":"no_channel"})"), "no_channel");
  EXPECT_EQ(failure_in(R"({"success":false})"), R"({"success":false})");
  for (const char* body : {R"({"status":"error"})", R"({"result":"failed"})", R"({"errors":["a"]})",
                           R"({"error":{"code":1}})", R"({"error":true})"}) {
    EXPECT_TRUE(failure_in(body)) << body;
  }
  for (const char* body :
       {"", "ok", "[]", R"({"ok":true})", R"({"status":"success","errors":[]})",
        R"({"error":null})", R"({"error":""})", R"({"error":false})", R"({"ok":fal)"}) {
    EXPECT_FALSE(failure_in(body)) << body;
  }
}

}  // namespace
}  // namespace tocsin::notify
