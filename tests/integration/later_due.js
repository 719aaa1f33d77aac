// What @breejs/later answers, for later_test.py: one line of JSON in for each question, {"text",
// "cron", "after", "count", "ours"}; one line of JSON out. Beside its own answer it gives the one to the
// same definition with its lists in order (later.js looks values up as if they were), and says
// which of its answers and of ours its own constraints do not allow.
const later = require(process.argv[2]);

function due(definition, after, count) {
  try {
    // It counts the period in which the question is asked as due now.
    let found = later.schedule(definition).next(count + 4, new Date(after));
    if (!found) found = [];
    return [].concat(found).map(Number).filter((at) => at > after).slice(0, count);
  } catch (error) {
    return String(error);
  }
}

// Lists in order; "the last", 0, never in one list with other values.
function inOrder(clause) {
  let all = [{}];
  for (const [key, values] of Object.entries(clause)) {
    const sorted = [...values].sort((a, b) => a - b);
    const parts = sorted.length > 1 && sorted[0] === 0 && /^(D|dc|dy|wm|wy)$/.test(key)
      ? [[0], sorted.slice(1)] : [sorted];
    all = all.flatMap((done) => parts.map((part) => ({ ...done, [key]: part })));
  }
  return all;
}

function holdsIn(clause, at) {
  return Object.entries(clause).every(([key, values]) => {
    const [field, modifier] = key.split('_');
    const constraint = modifier ? later.modifier[modifier](later[field], values) : later[field];
    return modifier ? constraint.isValid(new Date(at), values[0])
      : values.some((value) => constraint.isValid(new Date(at), value));
  });
}

const holds = (definition, at) => definition.schedules.some((clause) => holdsIn(clause, at)) &&
  !definition.exceptions.some((clause) => holdsIn(clause, at));

require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { text, cron, after, count, ours = [] } = JSON.parse(line);
  const definition = cron ? later.parse.cron(text, text.trim().split(/\s+/).length > 5)
    : later.parse.text(text);
  const ordered = { schedules: definition.schedules.flatMap(inOrder),
    exceptions: definition.exceptions.flatMap(inOrder) };
  const answer = { refused: (definition.error ?? -1) >= 0, due: due(definition, after, count),
    ordered: due(ordered, after, count),
    definition };
  const forbidden = (times) => times.filter((at) => !holds(definition, at));
  answer.forbidden = Array.isArray(answer.ordered) ? forbidden(answer.ordered) : [];
  answer.forbiddenOurs = forbidden(ours);
  console.log(JSON.stringify(answer));
});
