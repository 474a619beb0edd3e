using Flagstone.Provisioning.Compositions.GoTemplating;
using Flagstone.Provisioning.Compositions.GoTemplating.Engine;
using static Flagstone.Provisioning.Tests.Compositions.GoTemplatingRendering;

namespace Flagstone.Provisioning.Tests.Compositions;

public sealed class GoTemplatingEngineTests
{
    private const string Data = """{"name":"db","count":3,"big":1000000,"half":1.5,"nothing":null,"on":true,"list":["a","b"],"map":{"y":"2","x":"1"},"deep":{"er":{"v":"z"}}}""";

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("a {{- .name -}} b", "adbb")]
    [InlineData("a\n{{- /* a comment */ -}}\nb", "ab")]
    [InlineData("{{/* a comment */}}x", "x")]
    [InlineData("{{.deep.er.v}}", "z")]
    [InlineData("{{(.deep).er.v}}", "z")]
    [InlineData("{{.count}} {{.big}} {{.half}}", "3 1e+06 1.5")]
    [InlineData("{{.absent}} {{.absent.too}}", "<no value> <no value>")]
    [InlineData("{{.nothing}}", "<no value>")]
    [InlineData("{{.map}} {{.list}}", "map[x:1 y:2] [a b]")]
    [InlineData("{{$x := 1}}{{$x = 2}}{{$x}}", "2")]
    [InlineData("{{$x := 1}}{{if true}}{{$x := 2}}{{end}}{{$x}}", "1")]
    [InlineData("{{$x := .map}}{{$x.y}}{{$.name}}", "2db")]
    [InlineData("{{if .absent}}a{{else if .on}}b{{else}}c{{end}}", "b")]
    [InlineData("{{with .deep.er}}{{.v}}{{end}}{{with .absent}}{{else with .name}}{{.}}{{end}}", "zdb")]
    [InlineData("{{range .list}}[{{.}}]{{end}}{{range .absent}}{{else}}none{{end}}", "[a][b]none")]
    [InlineData("{{range $i, $v := .list}}{{$i}}{{$v}} {{end}}", "0a 1b ")]
    [InlineData("{{range $k, $v := .map}}{{$k}}={{$v}} {{end}}", "x=1 y=2 ")]
    [InlineData("{{range 3}}{{.}}{{end}}", "012")]
    [InlineData("{{range $i := 5}}{{if eq $i 1}}{{continue}}{{end}}{{if eq $i 3}}{{break}}{{end}}{{$i}}{{end}}", "02")]
    [InlineData("{{define \"x\"}}<{{.}}>{{end}}{{template \"x\" .name}}{{template \"x\"}}", "<db><<no value>>")]
    [InlineData("{{block \"b\" .name}}[{{.}}]{{end}}{{template \"b\" 1}}", "[db][1]")]
    [InlineData("{{define \"x\"}}a\nb{{end}}{{include \"x\" . | indent 2}}", "  a\n  b")]
    [InlineData("{{\"a\" | printf \"%s-%s\" \"b\"}}", "b-a")]
    [InlineData("{{and 0 (fail \"no\")}} {{or .absent .name}} {{not .on}}", "0 db false")]
    [InlineData("{{len .list}} {{len \"é\"}} {{index .list 1}} {{index .deep \"er\" \"v\"}}", "2 2 b z")]
    [InlineData("{{slice \"abcd\" 1 3}} {{slice .list 1}}", "bc [b]")]
    [InlineData("{{print 1 2 \"a\" \"b\" 3}} {{println 1 \"a\"}}", "1 2ab3 1 a\n")]
    [InlineData("{{html \"<a'b>\"}} {{js \"<\"}} {{urlquery \"a b&c\"}}", @"&lt;a&#39;b&gt; \u003C a+b%26c")]
    [InlineData("{{eq .name \"x\" \"db\"}} {{ne 1 2}} {{lt 1 2}} {{ge \"b\" \"a\"}} {{eq .absent nil}}", "true true true true true")]
    [InlineData("{{0x10}} {{1_000}} {{'a'}} {{`raw\n`}} {{\"\\u00e9\\n\"}}", "16 1000 97 raw\n é\n")]
    [InlineData("{{ 1.5e1 }} {{ -3 }}", "15 -3")]
    public void A_template_renders_as_in_Go(string template, string output) => Assert.Equal(output, Render(template, Data));

    [Fact]
    public void A_format_without_values_says_which_are_missing() =>
        Assert.Equal("%!v(MISSING) %!s(MISSING) %!q(MISSING)", Render("{{printf \"%v %s %q\"}}"));

    [Theory]
    [InlineData("\"%5d|%-5d|%05d|%+d|%x|%o|%b|%c\" 42 42 42 42 255 8 5 97", "   42|42   |00042|+42|ff|10|101|a")]
    [InlineData("\"%d\" .count", "%!d(float64=3)")]
    [InlineData("\"%d\" 1 2", "1%!(EXTRA int=2)")]
    [InlineData("\"%.2f|%8.3f|%e|%g\" 1.005 3.14159 1234.5 1e21", "1.00|   3.142|1.234500e+03|1e+21")]
    [InlineData("\"%s|%q|%.1s\" \"a\" \"b\\n\" \"xyz\"", "a|\"b\\n\"|x")]
    [InlineData("\"%v|%T|%t|%%\" .list .map true", "[a b]|map[string]interface {}|true|%")]
    [InlineData("\"%[2]s %[1]s\" \"a\" \"b\"", "b a")]
    [InlineData("\"%*d\" 4 7", "   7")]
    [InlineData("\"%z %\" 1", "%!z(int=1) %!(NOVERB)")]
    public void Formats_are_Gos(string arguments, string output) => Assert.Equal(output, Render($"{{{{printf {arguments}}}}}", Data));

    [Theory]
    [InlineData("{{", "template: t:1: unclosed action")]
    [InlineData("a\n{{.x-y}}", "template: t:2: bad character U+002D '-'")]
    [InlineData("{{if .x}}", "template: t:1: unexpected EOF")]
    [InlineData("{{end}}", "template: t:1: unexpected {{end}}")]
    [InlineData("{{nofunc 1}}", "template: t:1: function \"nofunc\" not defined")]
    [InlineData("{{env \"HOME\"}}", "template: t:1: function \"env\" not defined")]
    [InlineData("{{$x}}", "template: t:1: undefined variable \"$x\"")]
    [InlineData("{{break}}", "template: t:1: {{break}} outside {{range}}")]
    [InlineData("{{(1}}", "template: t:1: unclosed left paren")]
    [InlineData("{{\"a}}", "template: t:1: unterminated quoted string")]
    [InlineData("{{/* a", "template: t:1: unclosed comment")]
    [InlineData("{{1 | 2}}", "template: t:1: non executable command in pipeline stage 2")]
    [InlineData("{{}}", "template: t:1: missing value for command")]
    [InlineData("{{define \"a\"}}x{{end}}{{define \"a\"}}y{{end}}", "template: t: multiple definition of template \"a\"")]
    public void What_is_no_template_is_refused_in_Gos_words(string template, string message) => Assert.Equal(message, Error(template));

    [Theory]
    [InlineData("a\n b {{.name.first}}", "template: t:2:10: executing \"t\" at <.name.first>: can't evaluate field first in type interface {}")]
    [InlineData("{{.nothing.x}}", "template: t:1:10: executing \"t\" at <.nothing.x>: nil pointer evaluating interface {}.x")]
    [InlineData("{{index .absent \"x\"}}", "template: t:1:2: executing \"t\" at <index .absent \"x\">: error calling index: index of untyped nil")]
    [InlineData("{{upper .count}}", "template: t:1:8: executing \"t\" at <.count>: wrong type for value; expected string; got float64")]
    [InlineData("{{.absent | upper}}", "template: t:1:12: executing \"t\" at <upper>: invalid value; expected string")]
    [InlineData("{{upper}}", "template: t:1:2: executing \"t\" at <upper>: wrong number of args for upper: want 1 got 0")]
    [InlineData("{{eq .count 3}}", "template: t:1:2: executing \"t\" at <eq .count 3>: error calling eq: incompatible types for comparison")]
    [InlineData("{{template \"none\"}}", "template: t:1:11: executing \"t\" at <{{template \"none\"}}>: template \"none\" not defined")]
    [InlineData("{{define \"x\"}}{{fail \"no\"}}{{end}}{{include \"x\" .}}", "template: t:1:36: executing \"t\" at <include \"x\" .>: error calling include: template: t:1:16: executing \"x\" at <fail \"no\">: error calling fail: no")]
    [InlineData("{{range .name}}{{end}}", "template: t:1:8: executing \"t\" at <.name>: range can't iterate over db")]
    [InlineData("{{div 1 0}}", "template: t:1:2: executing \"t\" at <div 1 0>: error calling div: runtime error: integer divide by zero")]
    public void What_fails_says_where_in_Gos_words(string template, string message) => Assert.Equal(message, Error(template, Data));

    [Fact]
    public void A_missing_key_can_be_made_an_error()
    {
        Assert.Equal("template: t:1:2: executing \"t\" at <.absent>: map has no entry for key \"absent\"", Error("{{.absent}}", Data, MissingKey.Error));
        Assert.Contains("nil pointer evaluating interface {}.x", Error("{{.absent.x}}", Data, MissingKey.Zero), StringComparison.Ordinal);
    }

    [Fact]
    public void Delimiters_can_be_others()
    {
        var template = Template.Parse("t", "{{x}} [[- .name ]]", Delimiters.Of("[[", "]]"), CrossplaneFunctions.All);
        Assert.Equal("{{x}}db", template.Execute(new GoMap { ["name"] = "db" }, MissingKey.Invalid, new Execution(new Budget(CancellationToken.None), TimeProvider.System, "")));
    }
}
