using System.Text.Json.Nodes;
using CsCheck;
using Flagstone.Catalog.Templating;
using Flagstone.Catalog.Templating.Evaluation;
using Flagstone.Catalog.Templating.Syntax;

namespace Flagstone.Catalog.Tests.Templating;

public sealed class TemplateTests
{
    private static readonly JsonObject Variables = new()
    {
        ["n"] = 0,
        ["s"] = "1",
        ["t"] = "true",
        ["b"] = false,
        ["nul"] = null,
        ["o"] = new JsonObject { ["a"] = 1 },
        ["a"] = new JsonArray("x", "y"),
        ["people"] = new JsonArray(
            new JsonObject { ["name"] = "Zoe", ["team"] = "red" },
            new JsonObject { ["name"] = "adam", ["team"] = "blue" },
            new JsonObject { ["name"] = "Ben", ["team"] = "red" }),
    };

    private static readonly TemplateContext Context = new(Variables);

    [Theory]
    [InlineData("plain $ {{ text }}", "plain $ {{ text }}")]
    [InlineData("x-${{ o }} x-${{ a }} [${{ missing }}${{ nul }}]", "x-[object Object] x-x,y []")]
    [InlineData("a{# not shown #}b", "ab")]
    [InlineData("a {%- if true -%} b {%- endif -%} c", "abc")]
    [InlineData("{% if b %}1{% elif n == 0 %}2{% else %}3{% endif %}", "2")]
    [InlineData("{% for x in a %}${{ loop.index }}${{ x }}${{ ',' if not loop.last }}{% endfor %}", "1x,2y")]
    [InlineData("{% for k, v in { p: 1, q: 2 } %}${{ k }}=${{ v }};{% endfor %}", "p=1;q=2;")]
    [InlineData("{% for x in missing %}x{% else %}none{% endfor %}", "none")]
    [InlineData("{% set i = 1 %}{% for x in a %}{% set i = i + 1 %}{% endfor %}${{ i }}", "3")]
    [InlineData("{% set body %}<${{ s }}>{% endset %}${{ body }}${{ body }}", "<1><1>")]
    [InlineData("{% raw %}${{ secrets.TOKEN }}{% endraw %}", "${{ secrets.TOKEN }}")]
    [InlineData("{% switch s %}{% case '0' %}zero{% case '1' %}one{% default %}many{% endswitch %}", "one")]
    [InlineData("{% macro hi(name, mark='!') %}hi ${{ name }}${{ mark }}{% endmacro %}${{ hi('Zoe') }}${{ hi('Ben', mark='?') }}", "hi Zoe!hi Ben?")]
    [InlineData("{% macro box() %}[${{ caller() }}]{% endmacro %}{% call box() %}in{% endcall %}", "[in]")]
    [InlineData("{% filter upper %}loud{% endfilter %}", "LOUD")]
    public void Statements_render_as_in_nunjucks(string template, string expected) =>
        Assert.Equal(expected, Render(template));

    [Theory]
    [InlineData("s + 1", "11")]
    [InlineData("n + 1", "1")]
    [InlineData("2 + 3 * 2 ** 2", "14")]
    [InlineData("7 // 2", "3")]
    [InlineData("-7 % 3", "-1")]
    [InlineData("0.1 + 0.2", "0.30000000000000004")]
    [InlineData("10 ** 21", "1e+21")]
    [InlineData("1 / 3", "0.3333333333333333")]
    [InlineData("1 / 0", "Infinity")]
    [InlineData("s == 1", "true")]
    [InlineData("s === 1", "false")]
    [InlineData("'x' in a and 'z' not in a", "true")]
    [InlineData("'a' in o", "true")]
    [InlineData("missing or 'other'", "other")]
    [InlineData("'y' if b else 'n'", "n")]
    [InlineData("missing is defined", "false")]
    [InlineData("n is not defined", "false")]
    [InlineData("6 is divisibleby(3)", "true")]
    [InlineData("a[1] ~ a.length", "y2")]
    [InlineData("missing.deep.er", "")]
    [InlineData("s.constructor", "")]
    [InlineData("'Hello World'.toLowerCase().split(' ').join('-')", "hello-world")]
    [InlineData("'a.b.c' | replace('.', '-')", "a-b-c")]
    [InlineData("'a1b22' | replace(r/[0-9]+/g, '#')", "a#b#")]
    [InlineData("'abc' | replace('', '-')", "-a-b-c-")]
    [InlineData("o | dump", "{\"a\":1}")]
    [InlineData("people | sort(attribute='name') | join(', ', 'name')", "adam, Ben, Zoe")]
    [InlineData("(people | groupby('team')).red | length", "2")]
    [InlineData("people | selectattr('name') | first | dump", "{\"name\":\"Zoe\",\"team\":\"red\"}")]
    [InlineData("[1, 2, 3] | select('odd') | sum", "4")]
    [InlineData("missing | default('d')", "d")]
    [InlineData("b | default('d', true)", "d")]
    [InlineData("'42px' | int + 1", "43")]
    [InlineData("4.567 | round(1)", "4.6")]
    [InlineData("'some words here' | title", "Some Words Here")]
    [InlineData("'a b&c' | urlencode", "a%20b%26c")]
    [InlineData("range(3) | join('')", "012")]
    [InlineData("{ a: { b: 1 } }.a.b", "1")]
    [InlineData("'component:Default/Web' | parseEntityRef | pick('name')", "Web")]
    [InlineData("'team-a' | parseEntityRef({ defaultKind: 'Group' }) | dump", "{\"kind\":\"Group\",\"namespace\":\"default\",\"name\":\"team-a\"}")]
    [InlineData("'github.com?owner=acme&repo=svc' | projectSlug", "acme/svc")]
    public void Expressions_evaluate_as_in_nunjucks(string expression, string expected) =>
        Assert.Equal(expected, Render($"${{{{ {expression} }}}}"));

    [Theory]
    [InlineData("${{ n }}", "0")]
    [InlineData("${{ b }}", "false")]
    [InlineData("${{ o }}", """{"a":1}""")]
    [InlineData("${{ a }}", """["x","y"]""")]
    [InlineData("${{ s }}", "\"1\"")]
    [InlineData("${{ t }}", "\"true\"")]
    [InlineData("${{ nul }}", "null")]
    [InlineData("${{ n }}${{ n }}", "\"00\"")]
    [InlineData(" ${{ n }}", "\" 0\"")]
    [InlineData("${{ n }}\n", "\"0\\n\"")]
    [InlineData("{% if b %}true{% else %}false{% endif %}", "false")]
    [InlineData("{% if not b %}text{% endif %}", "\"text\"")]
    [InlineData("${{ 'y' if b }}", "\"\"")]
    [InlineData("${{ o | dump }}", "\"{\\u0022a\\u0022:1}\"")]
    [InlineData("${{ s + 1 }}", "\"11\"")]
    public void A_value_that_is_one_expression_keeps_its_type(string template, string expected)
    {
        Assert.True(Template.Parse(template).TryRenderValue(Context, out var value, TestContext.Current.CancellationToken));
        Assert.Equal(expected, value?.ToJsonString() ?? "null");
    }

    [Theory]
    [InlineData("${{ missing }}")]
    [InlineData("")]
    [InlineData("{# c #}")]
    [InlineData("{% if b %}x{% endif %}")]
    public void A_value_that_renders_to_nothing_is_no_value(string template) =>
        Assert.False(Template.Parse(template).TryRenderValue(Context, out _, TestContext.Current.CancellationToken));

    [Theory]
    [InlineData("line one\n  ${{ '' | now }}", 2, 12, "Unknown template filter \"now\"")]
    [InlineData("${{ b && true }}", 1, 7, "Unexpected character \"&\"")]
    [InlineData("${{ b || true }}", 1, 8, "Expected name, received \"|\"")]
    [InlineData("${{ missing | selectattr('a') }}", 1, 15, "Filter \"selectattr\" failed for undefined input: selectattr requires an array")]
    [InlineData("${{ nothing() }}", 1, 12, "\"nothing\" is not a function")]
    [InlineData("text {% if b %}", 1, 9, "\"if\" is not closed; expected one of: elif, elseif, else, endif")]
    [InlineData("{% include 'x' %}", 1, 4, "\"include\" is not supported: a template is one file")]
    [InlineData("${{ 1 +", 1, 4, "The expression is not closed; expected \"}}\"")]
    [InlineData("${{ 'abc }}", 1, 5, "The string is not closed")]
    [InlineData("${{ 1 in 2 }}", 1, 7, "\"in\" cannot search in number; it searches in an array, an object or a string")]
    [InlineData("{% frob %}", 1, 4, "Unknown statement \"frob\"")]
    [InlineData("${{ x is frob }}", 1, 10, "Unknown test \"frob\"")]
    public void An_error_names_its_place_and_its_cause(string template, int line, int column, string cause)
    {
        var error = Assert.Throws<TemplateException>(() => Render(template));
        Assert.Equal((line, column, cause), (error.Line, error.Column, error.Cause));
    }

    [Theory]
    [InlineData("{% for i in range(100000) %}{% for j in range(100000) %}x{% endfor %}{% endfor %}")]
    [InlineData("${{ range(1000000000) }}")]
    [InlineData("{% set s = 'x' %}{% for i in range(64) %}{% set s = s + s %}{% endfor %}")]
    [InlineData("${{ 'x'.repeat(2000000000) }}")]
    [InlineData("${{ 'x' | center(2000000000) }}")]
    [InlineData("${{ 'a\nb' | indent(2000000000) }}")]
    [InlineData("{% macro again() %}${{ again() }}{% endmacro %}${{ again() }}")]
    public void A_template_that_would_never_end_is_stopped(string template) =>
        Assert.Throws<TemplateException>(() => Render(template));

    [Fact]
    public void Deep_nesting_is_an_error_and_no_crash()
    {
        Assert.Throws<TemplateException>(() => Render($"${{{{ {new string('(', 50_000)}1 }}}}"));
        Assert.Throws<TemplateException>(() => Render($"${{{{ {string.Concat(Enumerable.Repeat("not ", 50_000))}1 }}}}"));
        Assert.Throws<TemplateException>(() => Render($"${{{{ {new string('[', 50_000)}1 }}}}"));
        Assert.Throws<TemplateException>(() => Render(string.Concat(Enumerable.Repeat("{% if 1 %}", 50_000))));
        Assert.Throws<TemplateException>(() => Render($"${{{{ 1{string.Concat(Enumerable.Repeat(" + 1", 50_000))} }}}}"));
    }

    [Fact]
    public void White_space_around_statements_can_be_left_out()
    {
        var syntax = new TemplateSyntax { TrimBlocks = true, LstripBlocks = true };
        var template = Template.Parse("a\n  {% if true %}\n  b\n  {% endif %}\nc\n", syntax);
        Assert.Equal("a\n  b\nc\n", template.Render(Context, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_random_choice_is_the_same_when_a_run_is_executed_again()
    {
        const string Draw = "${{ range(1000) | random }}-${{ range(1000) | random }}";
        Assert.Equal(Render(Draw), Render(Draw));
    }

    [Fact]
    public void A_document_is_rendered_in_its_strings_and_not_in_its_keys()
    {
        var document = JsonNode.Parse("""{"${{ s }}": "${{ n }}", "gone": "${{ missing }}", "list": ["${{ a }}", "${{ missing }}", 3]}""");
        var rendered = ValueTemplates.Render(document, "input", Context, TestContext.Current.CancellationToken);
        Assert.Equal("""{"${{ s }}":0,"list":[["x","y"],null,3]}""", rendered!.ToJsonString());
    }

    [Fact]
    public void An_error_in_a_document_names_the_path_of_the_string()
    {
        var document = JsonNode.Parse("""{"values": {"names": ["ok", "${{ 1 | nope }}"]}}""");
        var error = Assert.Throws<TemplateValueException>(
            () => ValueTemplates.Render(document, "input", Context, TestContext.Current.CancellationToken));
        Assert.Equal("input.values.names[1]", error.Path);
    }

    [Fact]
    public void Any_text_renders_or_is_refused_and_nothing_else_happens()
    {
        string[] fragments =
        [
            "${{", "}}", "{%", "%}", "{#", "#}", "-", " if ", " else ", " for ", " in ", "endif", "endfor", "set", "raw", "endraw", "a", "o.a", "'q'",
            "|", "dump", "default(", "(", ")", "[", "]", "{", "}", ":", ",", "1", "==", "not ", " is ", "defined", "r/x/g", "\n", "~", "macro m()",
        ];
        Gen.Int[0, fragments.Length - 1].Array[0, 24].Sample(
            parts =>
            {
                try
                {
                    Render(string.Concat(parts.Select(part => fragments[part])));
                }
                catch (TemplateException)
                {
                    // Refused, with a place and a cause.
                }
            },
            iter: 20_000);
    }

    private static string Render(string template) => Template.Parse(template).Render(Context, TestContext.Current.CancellationToken);
}
