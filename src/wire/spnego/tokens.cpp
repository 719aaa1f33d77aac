#include "wire/spnego/tokens.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "base/try.h"

namespace tocsin::spnego {
namespace {

/// 1.3.6.1.5.5.2
constexpr std::array<std::uint8_t, 6> kSpnegoOid{0x2b, 0x06, 0x01, 0x05, 0x05, 0x02};

/// DER identifier octets (X.690 8.1.2).
using Tag = std::uint8_t;
constexpr Tag kOctetString = 0x04;
constexpr Tag kOid = 0x06;
constexpr Tag kEnumerated = 0x0a;
constexpr Tag kGeneralString = 0x1b;
constexpr Tag kSequence = 0x30;
constexpr Tag kApplication0 = 0x60;
constexpr Tag context(std::uint8_t number) { return static_cast<Tag>(0xa0 + number); }

/// Reads elements one after the other; like tocsin::Reader it fails for good at the first breach.
class DerReader {
 public:
  explicit DerReader(BytesView bytes) : in_(bytes) {}

  [[nodiscard]] bool at_end() const { return in_.remaining() == 0; }
  [[nodiscard]] bool ok() const { return in_.ok(); }
  [[nodiscard]] bool next_is(Tag tag) const { return !at_end() && in_.rest().front() == tag; }

  /// The content of the next element, which must have this tag.
  BytesView element(Tag tag) {
    if (in_.u8() != tag) in_.set_failed();
    return in_.bytes(length());
  }
  /// The content of the only element inside the next one.
  BytesView element(Tag outer, Tag inner) {
    DerReader inside(element(outer));
    const auto content = inside.element(inner);
    if (!inside.ok() || !inside.at_end()) in_.set_failed();
    return content;
  }
  [[nodiscard]] bool next_is(Tag outer, Tag inner) const {
    DerReader ahead(*this);
    return next_is(outer) && DerReader(ahead.element(outer)).next_is(inner);
  }
  /// Nothing when the next element has another tag; fails when it has, but holds something else.
  std::optional<Bytes> optional(Tag outer, Tag inner) {
    if (!next_is(outer)) return std::nullopt;
    return to_bytes(element(outer, inner));
  }

 private:
  /// Definite and as short as possible, as DER demands (X.690 10.1): so what we encode again has
  /// the same bytes, and the MIC over it holds.
  std::size_t length() {
    const std::size_t first = in_.u8();
    if (first < 0x80) return first;
    const auto bytes = in_.bytes(first - 0x80);
    const bool fits = !bytes.empty() && bytes.size() <= 4 && bytes.front() != 0;
    std::size_t value = 0;
    if (fits)
      for (const auto byte : bytes) value = value << 8 | byte;
    if (value < 0x80) in_.set_failed();
    return value;
  }

  Reader in_;
};

Bytes element(Tag tag, std::initializer_list<BytesView> contents) {
  std::size_t size = 0;
  for (const auto content : contents) size += content.size();
  Writer out;
  out.u8(tag);
  if (size < 0x80) {
    out.u8(static_cast<std::uint8_t>(size));
  } else {
    std::uint8_t count = 1;
    while (size >> 8 * count != 0) count++;
    out.u8(static_cast<std::uint8_t>(0x80 + count));
    while (count-- > 0) out.u8(static_cast<std::uint8_t>(size >> 8 * count));
  }
  for (const auto content : contents) out.bytes(content);
  return std::move(out).take();
}
/// Nothing when the content is absent.
Bytes optional_element(Tag outer, Tag inner, const std::optional<Bytes>& content) {
  return content ? element(outer, {element(inner, {*content})}) : Bytes{};
}

Result<std::vector<Oid>> decode_mech_types(BytesView bytes) {
  std::vector<Oid> mech_types;
  DerReader in(bytes);
  while (!in.at_end()) mech_types.push_back(to_bytes(in.element(kOid)));
  if (!in.ok() || mech_types.empty())
    return fail(ErrorKind::malformed, "the list of mechanisms in a SPNEGO token is broken");
  return mech_types;
}

}  // namespace

std::string name_of(const Oid& mechanism) {
  struct Known {
    std::string_view name;
    Oid oid;
  };
  static const std::array<Known, 4> mechanisms{{
      {"NTLM", Oid(kNtlmOid.begin(), kNtlmOid.end())},
      // 1.2.840.113554.1.2.2, and as Windows 2000 cut its second number ([MS-SPNG] 1.9).
      {"Kerberos", {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02}},
      {"Kerberos", {0x2a, 0x86, 0x48, 0x82, 0xf7, 0x12, 0x01, 0x02, 0x02}},
      // 1.3.6.1.4.1.311.2.2.30
      {"NegoEx", {0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x1e}},
  }};
  const auto* known = std::ranges::find(mechanisms, mechanism, &Known::oid);
  return std::string(known == mechanisms.end() ? "another one" : known->name);
}

Bytes encode_mech_types(const std::vector<Oid>& mech_types) {
  Writer list;
  for (const auto& oid : mech_types) list.bytes(element(kOid, {oid}));
  return element(kSequence, {list.view()});
}

Bytes encode(const NegTokenInit& token) {
  Bytes hints;
  if (token.hint_name) {
    const auto name = element(kGeneralString, {as_bytes(*token.hint_name)});
    hints = element(context(3), {element(kSequence, {element(context(0), {name})})});
  }
  const auto body =
      element(kSequence, {element(context(0), {encode_mech_types(token.mech_types)}),
                          optional_element(context(2), kOctetString, token.mech_token), hints,
                          optional_element(token.hint_name ? context(4) : context(3), kOctetString,
                                           token.mech_list_mic)});
  return element(kApplication0, {element(kOid, {kSpnegoOid}), element(context(0), {body})});
}

Result<NegTokenInit> decode_init(BytesView bytes) {
  DerReader outer(bytes);
  DerReader framed(outer.element(kApplication0));
  const auto oid = framed.element(kOid);
  DerReader in(framed.element(context(0), kSequence));
  if (!framed.ok() || !std::ranges::equal(oid, kSpnegoOid))
    return fail(ErrorKind::malformed, "this is no SPNEGO NegTokenInit");
  TRY(auto mech_types, decode_mech_types(in.element(context(0), kSequence)));
  NegTokenInit token{.mech_types = std::move(mech_types)};
  if (in.next_is(context(1))) in.element(context(1));  // reqFlags, which RFC 4178 has us ignore
  token.mech_token = in.optional(context(2), kOctetString);
  // [3] is the MIC of RFC 4178 or the hints of [MS-SPNG] 2.2.1, which moves the MIC to [4].
  auto mic_tag = context(3);
  if (in.next_is(context(3), kSequence)) {
    DerReader hints(in.element(context(3), kSequence));
    if (const auto name = hints.optional(context(0), kGeneralString))
      token.hint_name = std::string(name->begin(), name->end());
    if (!hints.ok()) return fail(ErrorKind::malformed, "the hints of a SPNEGO token are broken");
    mic_tag = context(4);
  }
  token.mech_list_mic = in.optional(mic_tag, kOctetString);
  if (!in.ok()) return fail(ErrorKind::malformed, "a SPNEGO NegTokenInit is broken");
  return token;
}

Bytes encode(const NegTokenResp& token) {
  Bytes state;
  if (token.state) {
    const std::array value{static_cast<std::uint8_t>(*token.state)};
    state = element(context(0), {element(kEnumerated, {value})});
  }
  return element(
      context(1),
      {element(kSequence, {state, optional_element(context(1), kOid, token.supported_mech),
                           optional_element(context(2), kOctetString, token.response_token),
                           optional_element(context(3), kOctetString, token.mech_list_mic)})});
}

Result<NegTokenResp> decode_resp(BytesView bytes) {
  DerReader outer(bytes);
  DerReader in(outer.element(context(1), kSequence));
  NegTokenResp token;
  if (const auto state = in.optional(context(0), kEnumerated)) {
    if (state->size() != 1 || state->front() > static_cast<std::uint8_t>(NegState::request_mic))
      return fail(ErrorKind::malformed, "the state in a SPNEGO NegTokenResp is unknown");
    token.state = NegState{state->front()};
  }
  token.supported_mech = in.optional(context(1), kOid);
  token.response_token = in.optional(context(2), kOctetString);
  token.mech_list_mic = in.optional(context(3), kOctetString);
  if (!outer.ok() || !in.ok()) return fail(ErrorKind::malformed, "this is no SPNEGO NegTokenResp");
  return token;
}

}  // namespace tocsin::spnego
