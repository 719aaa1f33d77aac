// Runs inside Duktape, after Handlebars: compiles and renders. Answers {compile, render}.
(function (Handlebars) {
  'use strict';
  var deepest = 60;
  var html = Handlebars.Utils.escapeExpression;
  var rendered = [];

  function asText(value) {
    if (value === null || value === undefined) return '';
    return typeof value === 'string' ? value : String(value);
  }
  var escapes = {
    text: asText,
    html: function (value) { return html(asText(value)); },
    json: function (value) { return JSON.stringify(asText(value)).slice(1, -1); },
    form: function (value) { return encodeURIComponent(asText(value)); }
  };

  function isTrue(value) { return Boolean(value) && !Handlebars.Utils.isEmpty(value); }

  // {{#eq a b}}..{{else}}..{{/eq}} and (eq a b) alike.
  function helper(name, least, decide) {
    Handlebars.registerHelper(name, function () {
      var options = arguments[arguments.length - 1];
      var values = Array.prototype.slice.call(arguments, 0, -1);
      if (values.length < least)
        throw new Handlebars.Exception('`' + name + '` needs ' + least + ' value' + (least > 1 ? 's' : ''), options);
      var result = decide(values);
      if (!options.fn) return result;
      return isTrue(result) ? options.fn(this) : options.inverse(this);
    });
  }
  function eq(v) { return v[0] === v[1]; }
  function ne(v) { return v[0] !== v[1]; }
  function lt(v) { return v[0] < v[1]; }
  function gt(v) { return v[0] > v[1]; }
  function le(v) { return v[0] <= v[1]; }
  function ge(v) { return v[0] >= v[1]; }
  var comparisons = {eq: eq, ne: ne, lt: lt, gt: gt, le: le, lte: le, ge: ge, gte: ge};
  Object.keys(comparisons).forEach(function (name) { helper(name, 2, comparisons[name]); });
  helper('not', 1, function (v) { return !isTrue(v[0]); });
  // The value that decides, so that {{or serviceDisplayName serviceName}} shows a name.
  helper('and', 1, function (v) {
    for (var i = 0; i < v.length - 1 && isTrue(v[i]); i++);
    return v[i];
  });
  helper('or', 1, function (v) {
    for (var i = 0; i < v.length - 1 && !isTrue(v[i]); i++);
    return v[i];
  });
  // In one line of at most so many UTF-16 units; a character of two is not cut in half.
  Handlebars.registerHelper('cut', function (value, most) {
    var options = arguments[arguments.length - 1];
    if (arguments.length !== 3 || typeof most !== 'number' || !(most >= 1))
      throw new Handlebars.Exception('`cut` needs a value and a length', options);
    var text = asText(value).replace(/\s+/g, ' ').trim();
    if (text.length <= most) return text;
    return text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, '') + '\u2026';
  });
  Handlebars.unregisterHelper('log');

  var known = {};
  Object.keys(Handlebars.helpers).forEach(function (name) { known[name] = true; });

  function mistake(text, line, column) { return {mistake: text, line: line || 0, column: column || 0}; }
  function at(node, text) {
    return mistake(text, node.loc.start.line, node.loc.start.column + 1);
  }

  // Calls see(node, depth) for a node and all that is in it.
  function walk(node, depth, see) {
    if (!node || typeof node !== 'object') return;
    if (Array.isArray(node)) {
      for (var i = 0; i < node.length; i++) walk(node[i], depth, see);
      return;
    }
    if (!node.type) return;
    see(node, depth);
    for (var key in node) if (key !== 'loc' && key !== 'parts') walk(node[key], depth + 1, see);
  }

  // Every value is escaped, in {{{ }}} too; and what would fail each time is found now. Answers whether the
  // template uses what {{#each}} and others bring besides values: @index, @first, @partial-block ...
  function prepare(ast) {
    var usesData = false;
    var inline = {};
    walk(ast, 0, function (node, depth) {
      if (depth > deepest) throw at(node, 'this is nested too deeply');
      if (node.type === 'DecoratorBlock' && node.params.length > 0) inline[node.params[0].original] = true;
    });
    walk(ast, 0, function (node) {
      if (node.type === 'MustacheStatement') node.escaped = true;
      if (node.type === 'PathExpression' && node.data) usesData = true;
      if (node.type === 'PartialStatement' && node.name.type === 'PathExpression' &&
          node.name.original !== '@partial-block' && !inline[node.name.original])
        throw at(node, 'there is no partial `' + node.name.original + '` in this template');
      if ((node.type === 'DecoratorBlock' || node.type === 'Decorator') && node.path.original !== 'inline')
        throw at(node, 'there is no decorator `' + node.path.original + '`');
    });
    return usesData;
  }

  // What Handlebars does for each rendering over again, done once: it wraps every helper, so that each call
  // copies its options to add one that only `lookup` needs.
  function settle(spec) {
    var main = spec.main;
    var helpers;
    spec.main = function (container, context, given, partials, data, blockParams, depths) {
      if (!helpers) {
        helpers = Handlebars.Utils.extend({}, Handlebars.helpers);
        helpers.lookup = given.lookup;
      }
      container.helpers = helpers;
      return main.call(this, container, context, helpers, partials, data, blockParams, depths);
    };
    var made = Handlebars.VM.template(spec, {
      // Without a compiler, so that no value can ever become code.
      VM: Handlebars.VM, helpers: Handlebars.helpers, partials: {}, decorators: Handlebars.decorators,
      hooks: {}, template: true
    });
    made._setup({});
    made._setup = function () {};
    return made;
  }

  // The lexer tries some forty rules, /^(?:...)/, on what is left of the template. Duktape does not see
  // that such an expression can only match at the start and tries it everywhere, which takes minutes for a
  // large template: so each rule gets an alternative that always matches, and means that it does not.
  var match = String.prototype.match;
  String.prototype.match = function (rule) {
    var found = match.call(this, rule);
    return found && rule.orNothing && found[found.length - 1] === '' ? null : found;
  };
  Handlebars.Parser.lexer.rules = Handlebars.Parser.lexer.rules.map(function (rule) {
    var anchored = new RegExp(rule.source + '|()');
    anchored.orNothing = true;
    return anchored;
  });

  // The parser's own texts list all tokens that it would take, by names that only it knows.
  var lexer;
  var setInput = Handlebars.Parser.lexer.setInput;
  Handlebars.Parser.lexer.setInput = function () {
    lexer = this;
    return setInput.apply(this, arguments);
  };
  Object.getPrototypeOf(Handlebars.Parser).parseError = function (text, hash) {
    var where = lexer.yylloc;
    if (hash.token === null)
      throw mistake('this cannot be read', where.last_line, where.last_column + 1);
    var isOpen = lexer._input.indexOf('}}') < 0;
    throw mistake(hash.token === 'EOF' || hash.token === 1
        ? 'the template ends here, but a block is not closed'
        : hash.token === 'INVALID' && isOpen
        ? 'the template ends here, but a tag is not closed'
        : 'unexpected `' + hash.text + '`', where.first_line, where.first_column + 1);
  };

  function mistakeOf(error) {
    if (error && error.mistake) return error;
    var text = String((error && error.message) || error)
        .replace(/ - \d+:\d+$/, '')
        .replace(/^You specified knownHelpersOnly, but used the unknown helper (.*)$/, 'there is no helper `$1`')
        .replace(/^(.*) doesn't match (.*)$/, 'the block `$1` is closed as `$2`');
    if (error && error.lineNumber && error.column !== undefined)
      return mistake(text, error.lineNumber, error.column + 1);
    return mistake(text);
  }

  return {
    // {mistake, line, column}, or the number to render with.
    compile: function (source, format) {
      try {
        var ast = Handlebars.parse(source);
        var options = {data: prepare(ast), knownHelpers: known, knownHelpersOnly: true};
        var spec = (0, eval)('(' + Handlebars.precompile(ast, options) + ')');
        Handlebars.Utils.escapeExpression = escapes[format];
        var made = settle(spec);
        return rendered.push(made) - 1;
      } catch (error) {
        return mistakeOf(error);
      }
    },
    // {mistake, line, column}, or the message.
    render: function (number, values) {
      try {
        return rendered[number](JSON.parse(values));
      } catch (error) {
        return mistakeOf(error);
      }
    }
  };
})
