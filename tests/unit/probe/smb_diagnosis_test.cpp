// The way to a host, step by step, with a host that ends it somewhere.
#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pretend_host.h"
#include "probe/diagnosis.h"

namespace tocsin::probe {
namespace {

using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::Not;

class SmbDiagnosis : public PretendHostTest {
 protected:
  const Diagnosis& diagnose() {
    diagnosis_ = loop.run_until_done(probe->diagnose(soon()));
    std::vector<Step> steps;
    for (const auto& report : diagnosis_) {
      steps.push_back(report.step);
      EXPECT_THAT(report.found + report.advice, Not(HasSubstr("tocsin-secret")));
    }
    std::ranges::sort(steps);
    EXPECT_THAT(steps, ElementsAreArray(all_values<Step>()));  // each once
    return diagnosis_;
  }
  const StepReport& report_of(Step step) {
    return *std::ranges::find(diagnosis_, step, &StepReport::step);
  }
  /// All before it work, none after it was tried.
  void expect_failure_at(Step failing) {
    for (const auto& [step, outcome, found, advice] : diagnose()) {
      const auto expected = step == failing  ? Outcome::fails
                            : step < failing ? Outcome::works
                                             : Outcome::not_tried;
      EXPECT_EQ(outcome, expected) << to_string(step) << ": " << found;
      EXPECT_EQ(advice.empty(), outcome != Outcome::fails) << to_string(step) << ": " << advice;
    }
    EXPECT_EQ(verdict(diagnosis_), Outcome::fails);
  }

 private:
  Diagnosis diagnosis_;
};

TEST_F(SmbDiagnosis, SaysThatEachStepWorks) {
  start();
  watch({"QlikSenseEngineService"});
  for (const auto& report : diagnose())
    EXPECT_EQ(report.outcome, Outcome::works) << to_string(report.step) << ": " << report.found;
  EXPECT_THAT(report_of(Step::protocol).found, HasSubstr("SMB 3.1.1"));
  EXPECT_THAT(report_of(Step::mechanisms).found, HasSubstr("NTLM"));
  EXPECT_THAT(report_of(Step::login).found,
              HasSubstr("monitor (credential x) is logged in by NTLM"));
  EXPECT_THAT(report_of(Step::list).found, HasSubstr("20 services"));
  EXPECT_THAT(report_of(Step::service).found, HasSubstr("QlikSenseEngineService"));
  EXPECT_THAT(report_of(Step::push).found, HasSubstr("tells of changes at once"));
  EXPECT_EQ(relay->connections(), 1U);
}

TEST_F(SmbDiagnosis, SaysWhatIsMissingWhereAHostDoesNotTellOfChanges) {
  start({.services = 20, .push = simulate::Push::none});
  watch({"QlikSenseEngineService"});
  diagnose();
  EXPECT_EQ(report_of(Step::push).outcome, Outcome::limited);
  EXPECT_THAT(report_of(Step::push).found, HasSubstr("does not tell of changes"));
  EXPECT_EQ(report_of(Step::round_trip).outcome, Outcome::works);
  EXPECT_EQ(verdict(diagnose()), Outcome::limited);
}

TEST_F(SmbDiagnosis, SaysThatEachServiceNeedsAPipe) {
  start({.services = 20, .push = simulate::Push::single});
  watch({"QlikSenseEngineService"});
  diagnose();
  EXPECT_EQ(report_of(Step::push).outcome, Outcome::works);
  EXPECT_THAT(report_of(Step::push).found, HasSubstr("a pipe for each service, of up to 16"));
  EXPECT_EQ(report_of(Step::round_trip).outcome, Outcome::works);
}

TEST_F(SmbDiagnosis, OfAPortWhereNobodyListensEndsThere) {
  start();
  host.port = 1;
  watch({"QlikSenseEngineService"});
  expect_failure_at(Step::connection);
}

TEST_F(SmbDiagnosis, OfAHostWithoutCredentialsSaysWhatTheHostOffers) {
  start();
  host.credentials = nullptr;
  watch({"QlikSenseEngineService"});
  expect_failure_at(Step::login);
}

TEST_F(SmbDiagnosis, OfAWrongPasswordEndsAtTheLogin) {
  start();
  set_password("tocsin-secret");
  watch({"QlikSenseEngineService"});
  expect_failure_at(Step::login);
  EXPECT_THAT(report_of(Step::login).found, HasSubstr("password"));
}

TEST_F(SmbDiagnosis, AServiceThatIsMissingIsALimit) {
  start();
  watch({"NoSuchService"});
  diagnose();
  EXPECT_EQ(verdict(diagnose()), Outcome::limited);
  EXPECT_EQ(report_of(Step::service).outcome, Outcome::limited);
  EXPECT_THAT(report_of(Step::service).advice, HasSubstr("tocsin services"));
  EXPECT_EQ(report_of(Step::round_trip).outcome, Outcome::works);
}

}  // namespace
}  // namespace tocsin::probe
