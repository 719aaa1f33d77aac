#include "config/file/yaml.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <istream>
#include <map>
#include <streambuf>
#include <unordered_set>
#include <utility>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "base/text.h"

namespace tocsin::config {
namespace {

/// A Butler file nests 9 deep.
constexpr std::size_t kMostDepth = 64;

/// The room that all values may take with aliases followed, so that a few kilobytes of aliases to
/// aliases ("YAML bomb") cost nothing. A value counts its text and, roughly, its node.
constexpr std::size_t kMostExpanded = std::size_t{64} << 20;
constexpr std::size_t kNodeCost = 32;

/// How much text may go by without a value. yaml-cpp keeps a whole outermost [...] or {...} in its
/// queue before it hands out the first value, at 240 bytes a token (0.7: 1.9 GB for 8 MB of '[').
constexpr std::size_t kMostBetweenValues = std::size_t{2} << 20;

struct Refused {
  Place place;
  std::string text;
};

Place place_of(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

/// Hands out the text, until too much of it has gone by without a value.
class MeteredText final : public std::streambuf {
 public:
  explicit MeteredText(std::string_view text) : rest_(text) {}

  void value_seen() { since_value_ = 0; }
  [[nodiscard]] bool cut_off() const { return cut_off_; }

 protected:
  int_type underflow() override {
    static constexpr std::size_t kChunk = 2048;
    const auto chunk = rest_.substr(0, kChunk);
    cut_off_ = cut_off_ || since_value_ > kMostBetweenValues;
    if (chunk.empty() || cut_off_) return traits_type::eof();
    rest_.remove_prefix(chunk.size());
    since_value_ += chunk.size();
    // streambuf wants char*, and does not write as long as nobody puts characters back.
    auto* begin = const_cast<char*>(chunk.data());
    setg(begin, begin, begin + chunk.size());
    return traits_type::to_int_type(*begin);
  }

 private:
  std::string_view rest_;
  std::size_t since_value_ = 0;
  bool cut_off_ = false;
};

}  // namespace

/// Builds the tree from yaml-cpp's events. Its own tree (YAML::Node) would hide double keys and
/// could not say where a key stands.
class DocumentBuilder final : public YAML::EventHandler {
 public:
  DocumentBuilder(MeteredText& text, Findings& findings, YamlInput input)
      : text_(text), findings_(findings), file_(input.file), spent_(input.spent) {}

  /// Where the innermost list or mapping begins that is not complete.
  [[nodiscard]] std::optional<Place> open_place() const {
    if (open_.empty()) return std::nullopt;
    return open_.back().node->place;
  }
  [[nodiscard]] Document take() && {
    document_.spent_ = spent_;
    return std::move(document_);
  }
  [[nodiscard]] bool empty() const { return document_.root_ == nullptr; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (!empty()) {
      throw Refused{at(mark),
                    "a second document begins here; a configuration is one document (is the "
                    "indentation right?)"};
    }
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(at(mark), YamlNode::Type::null, anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchored_.find(anchor);
    if (found == anchored_.end())
      throw Refused{at(mark), "the value contains itself through this alias"};
    spend(found->second.cost, at(mark));
    attach(found->second.node);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    auto& node = add(at(mark), YamlNode::Type::scalar, anchor, value);
    node.plain = is_plain(tag, node.place);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(at(mark), YamlNode::Type::sequence, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(at(mark), YamlNode::Type::mapping, tag, anchor);
  }
  void OnMapEnd() override {
    check_keys(*open_.back().node);
    close();
  }

 private:
  struct Open {
    YamlNode* node;
    YAML::anchor_t anchor;
    std::size_t spent_before;
  };
  struct Anchored {
    const YamlNode* node;
    std::size_t cost;
  };

  [[nodiscard]] Place at(const YAML::Mark& mark) const {
    auto place = place_of(mark);
    place.file = file_;
    return place;
  }

  void spend(std::size_t cost, Place place) {
    text_.value_seen();
    spent_ += cost;
    if (spent_ > kMostExpanded)
      throw Refused{place, "the values up to here, with aliases followed, take more than " +
                               std::to_string(kMostExpanded >> 20) + " MB"};
  }

  void attach(const YamlNode* node) {
    if (open_.empty()) {
      document_.root_ = node;
    } else {
      open_.back().node->children.push_back(node);
    }
  }

  YamlNode& make(Place place, YamlNode::Type type, const std::string& text) {
    spend(kNodeCost + text.size(), place);
    auto& node = document_.nodes_.emplace_back();
    node.type = type;
    node.place = place;
    node.text = text;
    if (type == YamlNode::Type::null) place_at_key(node);
    attach(&node);
    return node;
  }

  /// yaml-cpp places a value that is not written at what follows it, maybe lines below.
  void place_at_key(YamlNode& node) const {
    if (open_.empty() || open_.back().node->type != YamlNode::Type::mapping) return;
    const auto& siblings = open_.back().node->children;
    if (siblings.size() % 2 == 1) node.place = siblings.back()->place;
  }

  YamlNode& add(Place place, YamlNode::Type type, YAML::anchor_t anchor,
                const std::string& text = {}) {
    const auto before = spent_;
    auto& node = make(place, type, text);
    if (anchor != 0) anchored_[anchor] = {&node, spent_ - before};
    return node;
  }

  void open(Place place, YamlNode::Type type, const std::string& tag, YAML::anchor_t anchor) {
    if (open_.size() >= kMostDepth)
      throw Refused{place,
                    "lists and mappings are nested deeper than " + std::to_string(kMostDepth)};
    const auto before = spent_;
    auto& node = make(place, type, {});
    is_plain(tag, place);
    open_.push_back({&node, anchor, before});
  }

  void close() {
    const auto& done = open_.back();
    if (done.anchor != 0) anchored_[done.anchor] = {done.node, spent_ - done.spent_before};
    open_.pop_back();
  }

  /// "?" stands for no tag, "!" for quotes. The tags of YAML's core schema change nothing else.
  bool is_plain(const std::string& tag, Place place) {
    static constexpr std::string_view kCore = "tag:yaml.org,2002:";
    static constexpr std::array<std::string_view, 6> kPlain = {"null",  "bool", "int",
                                                               "float", "seq",  "map"};
    if (tag == "?" || tag.empty()) return true;
    if (tag == "!" || tag == "tag:yaml.org,2002:str") return false;
    const auto name = std::string_view(tag).substr(tag.starts_with(kCore) ? kCore.size() : 0);
    if (!tag.starts_with(kCore) || std::ranges::find(kPlain, name) == kPlain.end())
      findings_.add(Severity::error, place,
                    "an unknown tag; a text that begins with `!` needs quotes");
    return true;
  }

  /// Reports keys that are no text or come twice, and replaces `<<` by what it merges.
  void check_keys(YamlNode& mapping) {
    std::unordered_set<std::string_view> seen;
    std::vector<const YamlNode*> kept;
    std::vector<const YamlNode*> merged;
    kept.reserve(mapping.children.size());
    for (std::size_t i = 0; i + 1 < mapping.children.size(); i += 2) {
      const auto* key = mapping.children[i];
      const auto* value = mapping.children[i + 1];
      if (key->type != YamlNode::Type::scalar) {
        findings_.add(Severity::error, key->place, "a key must be text");
      } else if (key->plain && key->text == "<<") {
        merged.push_back(value);
      } else if (!seen.insert(key->text).second) {
        findings_.add(Severity::error, key->place,
                      "the key `" + printable(key->text, 64) + "` comes twice in one section");
      } else {
        kept.insert(kept.end(), {key, value});
      }
    }
    mapping.children = std::move(kept);
    for (const auto* source : merged) merge(mapping, *source, seen);
  }

  void merge(YamlNode& mapping, const YamlNode& source,
             std::unordered_set<std::string_view>& seen) {
    if (source.type == YamlNode::Type::sequence) {
      for (const auto* part : source.children) {
        if (part->type == YamlNode::Type::sequence) {
          findings_.add(Severity::error, part->place, "`<<` merges sections only");
        } else {
          merge(mapping, *part, seen);
        }
      }
    } else if (source.type == YamlNode::Type::mapping) {
      for (std::size_t i = 0; i < source.children.size(); i += 2) {
        if (seen.insert(source.children[i]->text).second)
          mapping.children.insert(mapping.children.end(),
                                  {source.children[i], source.children[i + 1]});
      }
    } else {
      findings_.add(Severity::error, source.place, "`<<` merges sections only");
    }
  }

  MeteredText& text_;
  Findings& findings_;
  std::uint16_t file_;
  std::size_t spent_;
  Document document_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Anchored> anchored_;  ///< complete values only
};

namespace {

Place place_in(std::string_view text, std::size_t at) {
  const auto before = text.substr(0, at);
  const auto line = std::ranges::count(before, '\n');
  const auto line_start = before.rfind('\n') + 1;  // 0 when there is none: npos + 1
  return {static_cast<int>(line + 1), static_cast<int>(at - line_start + 1)};
}

/// Where the first byte stands that is not UTF-8, or nothing.
std::optional<std::size_t> find_invalid_utf8(std::string_view text) {
  if (is_utf8(text)) return std::nullopt;
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (!is_utf8(text.substr(at, size))) return at;
    at += size;
  }
  return text.size();
}

std::optional<Refused> check_bytes(std::string_view text) {
  if (text.size() > kMostBytes)
    return Refused{{},
                   "the file is larger than " + std::to_string(kMostBytes >> 20) +
                       " MB, the most that a configuration may have"};
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
    return Refused{{}, "the file is in UTF-16: save it as UTF-8"};
  if (const auto at = text.find('\0'); at != std::string_view::npos)
    return Refused{place_in(text, at), "a NUL byte: this is no text file"};
  if (const auto at = find_invalid_utf8(text))
    return Refused{place_in(text, *at), "a byte that is not UTF-8: save the file as UTF-8"};
  return std::nullopt;
}

struct Explanation {
  std::string_view begins;  ///< yaml-cpp's message, which may end in a piece of the file
  std::string_view text;
};

constexpr std::array kExplanations = {
    Explanation{"illegal map value",
                "a `:` where no value can begin: is the indentation right, or does a text need "
                "quotes?"},
    Explanation{"end of map not found",
                "this does not fit to what is before it: are the indentation and quotes right?"},
    Explanation{"end of sequence not found",
                "this does not fit to the list before it: are the indentation and quotes right?"},
    Explanation{
        "end of sequence flow not found",
        "a list in `[...]` is not closed here; texts with brackets or braces in it need quotes"},
    Explanation{
        "end of map flow not found",
        "a section in `{...}` is not closed here; texts with brackets or braces in it need quotes"},
    Explanation{"illegal EOF in scalar", "the file ends within a quoted text"},
    Explanation{"illegal document indicator in scalar", "the document ends within a quoted text"},
    Explanation{"unknown token", "no text can begin with this character: it needs quotes"},
    Explanation{"unknown escape character",
                "an unknown escape in double quotes: a text with a backslash needs single quotes"},
    Explanation{"bad character found while scanning hex number",
                "a wrong escape in double quotes: a text with a backslash needs single quotes"},
    Explanation{"invalid unicode",
                "a wrong escape in double quotes: a text with a backslash needs single quotes"},
    Explanation{"the referenced anchor is not defined",
                "an alias without an anchor: a text that begins with `*` needs quotes"},
    Explanation{"alias not found after *", "a text that begins with `*` needs quotes"},
    Explanation{"illegal character found while scanning alias",
                "a text that begins with `*` needs quotes"},
    Explanation{"anchor not found after &", "a text that begins with `&` needs quotes"},
    Explanation{"illegal character found while scanning anchor",
                "a text that begins with `&` needs quotes"},
    Explanation{"illegal block entry",
                "a list entry (`- `) where none can begin: is the indentation right?"},
    Explanation{"illegal map key", "a key where none can begin: is the indentation right?"},
    Explanation{"illegal flow end", "a `]` or `}` too much: a text that begins so needs quotes"},
    Explanation{"unexpected character in block scalar",
                "nothing but a comment may follow `|` or `>` on the line"},
};

std::string_view line_at(std::string_view text, int line) {
  for (int i = 1; i < line; i++) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

/// A key without a blank behind its colon makes the line after it seem wrong.
std::optional<Refused> explain_glued_key(std::string_view text, int line) {
  for (int at = line; at > std::max(line - 2, 0); at--) {
    const auto here = line_at(text, at);
    if (const auto key = glued_key(here); !key.empty())
      return Refused{{at, static_cast<int>(key.data() - here.data()) + 1},
                     "not YAML: a blank is missing after `" + std::string(key) + ":`"};
  }
  return std::nullopt;
}

/// The exception in words for the person who wrote the file, without a piece of the file in them.
Refused explain(const YAML::Exception& exception, std::string_view text,
                const DocumentBuilder& builder) {
  auto place = place_of(exception.mark);
  // yaml-cpp has no place for what is missing at the end of the file.
  if (place.line <= 1 && place.column <= 1)
    place = builder.open_place().value_or(place.line < 1 ? Place{} : place);
  const auto line = place.line > 0 ? line_at(text, place.line) : std::string_view{};
  if (line.substr(0, line.find_first_not_of(" \t")).contains('\t'))
    return {place, "not YAML: the line is indented with a tab; only spaces are allowed"};
  if (auto glued = explain_glued_key(text, place.line)) return *std::move(glued);
  for (const auto& [begins, words] : kExplanations) {
    if (exception.msg.starts_with(begins)) return {place, "not YAML: " + std::string(words)};
  }
  return {place, "not YAML: " + exception.msg.substr(0, exception.msg.find(':'))};
}

}  // namespace

std::string_view glued_key(std::string_view line) {
  const auto begin = std::min(line.find_first_not_of("- \t"), line.size());
  const auto colon = line.find(':', begin);
  if (colon == std::string_view::npos || colon + 1 == line.size()) return {};
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto key = line.substr(begin, colon - begin);
  // What follows the colon of a URL is no value.
  if (key.empty() || !std::ranges::all_of(key, is_letter) ||
      std::string_view(" \t\r\n/").contains(line[colon + 1]))
    return {};
  return key;
}

const YamlNode* YamlNode::find(std::string_view key) const {
  if (type != Type::mapping) return nullptr;
  for (std::size_t i = 0; i < children.size(); i += 2) {
    if (children[i]->text == key) return children[i + 1];
  }
  return nullptr;
}

const YamlNode* YamlNode::find_path(std::string_view path) const {
  const auto* node = this;
  while (node != nullptr && !path.empty()) {
    const auto key = path.substr(0, path.find('.'));
    node = node->find(key);
    path.remove_prefix(std::min(key.size() + 1, path.size()));
  }
  return node;
}

std::optional<Document> parse_yaml(std::string_view text, Findings& findings, YamlInput input) {
  const auto refuse = [&findings, input](Refused&& refused) {
    refused.place.file = input.file;
    findings.add(Severity::error, refused.place, std::move(refused.text));
    return std::nullopt;
  };
  if (auto refused = check_bytes(text)) return refuse(*std::move(refused));

  MeteredText metered(text);
  std::istream stream(&metered);
  DocumentBuilder builder(metered, findings, input);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (Refused& refused) {
    return refuse(std::move(refused));
  } catch (const YAML::Exception& exception) {
    if (!metered.cut_off()) return refuse(explain(exception, text, builder));
  }
  if (metered.cut_off())
    return refuse({builder.open_place().value_or(Place{}),
                   "more than " + std::to_string(kMostBetweenValues >> 20) +
                       " MB belong to one value here; a long list or section in `[...]` or "
                       "`{...}` must be written line by line"});
  if (builder.empty()) return refuse({{}, "the file is empty"});
  return std::move(builder).take();
}

}  // namespace tocsin::config
