using System.Text.Json.Nodes;
using CsCheck;
using Flagstone.Provisioning.Compositions;
using Flagstone.Provisioning.Compositions.GoTemplating;
using Flagstone.Provisioning.Compositions.GoTemplating.Engine;
using static Flagstone.Provisioning.Tests.Compositions.GoTemplatingRendering;

namespace Flagstone.Provisioning.Tests.Compositions;

public sealed class GoTemplatingBoundTests
{
    private static readonly string[] Pieces =
    [
        "{{", "}}", "{{-", "-}}", " ", "\n", "$x", ":=", "=", "|", "(", ")", ".a", ".b", ".", "$", "nil", "true", "0", "-1", "1.5", "99999999999", "\"t\"", "`r`", "'c'",
        "{{if .a}}", "{{else}}", "{{end}}", "{{range $i, $e := .l}}", "{{range 3}}", "{{with .m}}", "{{define \"t\"}}", "{{template \"t\" .}}", "{{block \"t\" .}}", "{{break}}",
        "{{$x := .m}}", "{{include \"t\" .}}", "{{/*", "*/}}", ",", "\ud83d", "\u0000", "é", "---\n", "kind: X\n", "{\"kind\":\"X\"}",
    ];

    // Each call gets values of all types, in any number.
    private static readonly Gen<string> Calls = Gen.Select(
        Gen.OneOf([.. CrossplaneFunctions.All.Keys.Order(StringComparer.Ordinal)]),
        Gen.OneOf(".a", ".b", ".l", ".m", ".n", ".none", "nil", "0", "3", "-2", "99999999999", "1.5", "true", "\"\"", "\"é\\U0001F600x\"", "\"a,b\"", "\"1h\"", "\"%d%s%5v%q\"",
            "\"2006-01-02\"", "\"(a*)(\"", "(list 1 .m)", "(dict \"k\" .l)", "now", "(b64dec \"//79\")", "\"t\"").List[0, 4],
        (name, arguments) => $"{{{{{name} {string.Join(' ', arguments)}}}}}");

    private static readonly JsonObject Composite = JsonNode.Parse("""{"apiVersion":"a/v1","kind":"X","metadata":{"name":"n","uid":"u"},"a":"text","b":2}""")!.AsObject();

    [Theory]
    [InlineData("{{define \"a\"}}{{template \"a\"}}{{end}}{{template \"a\"}}", "exceeded maximum template depth (200)")]
    [InlineData("{{define \"a\"}}{{include \"a\" .}}{{end}}{{include \"a\" .}}", "exceeded maximum template depth (200)")]
    [InlineData("{{range 99999999999}}{{end}}", "steps")]
    [InlineData("{{range until 90000}}{{range until 90000}}{{end}}{{end}}", "steps")]
    [InlineData("{{until 99999999999}}", "the list has more than 100000 items")]
    [InlineData("{{repeat 99999999 \"xx\"}}", "the text is longer than 4194304 characters")]
    [InlineData("{{$s := \"xxxxxxxx\"}}{{range 60}}{{$s = print $s $s}}{{end}}", "the text is longer than 4194304 characters")]
    [InlineData("{{$s := repeat 1000 \"x\"}}{{range 9999}}{{$s}}{{end}}", "longer than 4194304 characters")]
    [InlineData("{{$l := list 1}}{{range 60}}{{$l = concat $l $l}}{{end}}", "the list has more than 100000 items")]
    [InlineData("{{$l := list 1}}{{range 60}}{{$l = list $l $l}}{{end}}{{$l}}", "longer than 4194304 characters")]
    [InlineData("{{$l := list 1}}{{range 60}}{{$l = list $l $l}}{{end}}{{toYaml $l}}", "steps")]
    [InlineData("{{$d := dict}}{{$_ := set $d \"d\" $d}}{{$d}}", "the value is nested more than 100 deep")]
    [InlineData("{{$d := dict}}{{$_ := set $d \"d\" $d}}{{toJson $d}}", "the value is nested more than 100 deep")]
    [InlineData("{{$d := dict}}{{$_ := set $d \"d\" $d}}{{$e := dict}}{{$_ := set $e \"d\" $e}}{{deepEqual $d $e}}", "the value is nested more than 100 deep")]
    [InlineData("{{$s := repeat 4000000 \"a\"}}{{$t := repeat 2000000 \"a\"}}{{contains (print $t \"b\" $t) $s}}", "steps")]
    [InlineData("{{$s := repeat 4000000 \"a\"}}{{trimAll (repeat 4000000 \"b\") $s | len}}{{range 99}}{{$s | upper | len}}{{end}}", "steps")]
    [InlineData("{{indent 1000000 \"a\\nb\\nc\\nd\\ne\"}}", "the text is longer than 4194304 characters")]
    [InlineData("{{regexMatch \"(a{1000}){1000}\" \"a\"}}", "error parsing regexp")]
    public void A_template_that_never_ends_or_grows_ends_with_an_error(string template, string message) =>
        Assert.Contains(message, Error(template), StringComparison.Ordinal);

    [Theory]
    [InlineData("(", ")")]
    [InlineData("{{if 1}}", "{{end}}")]
    public void Nesting_has_an_end(string open, string close)
    {
        var template = string.Concat(Enumerable.Repeat(open, 5000)) + "1" + string.Concat(Enumerable.Repeat(close, 5000));
        Assert.Contains("nested more than 100 deep", Error(open == "(" ? $"{{{{{template}}}}}" : template), StringComparison.Ordinal);
    }

    [Fact]
    public void A_template_of_excessive_length_is_not_parsed() =>
        Assert.Contains("longer than", Error(new string('x', Budget.MaxTemplateLength + 1)), StringComparison.Ordinal);

    [Fact]
    public void An_execution_can_be_cancelled()
    {
        var template = Template.Parse("t", "{{range 99999}}{{.}}{{end}}", Delimiters.Default, CrossplaneFunctions.All);
        var execution = new Execution(new Budget(new CancellationToken(canceled: true)), TimeProvider.System, "");
        Assert.Throws<OperationCanceledException>(() => template.Execute(null, MissingKey.Invalid, execution));
    }

    [Fact]
    public void Any_text_renders_or_is_refused() =>
        Gen.OneOf(Pieces).List[0, 24].Select(string.Concat).Sample(RendersOrIsRefused, iter: 3000, threads: 2);

    [Fact]
    public void Any_call_of_any_function_gives_a_value_or_is_refused() =>
        Calls.List[1, 3].Select(calls => "{{define \"t\"}}x{{end}}" + string.Concat(calls)).Sample(RendersOrIsRefused, iter: 6000, threads: 2);

    /// <summary>Anything but a refusal fails the sample. The bounds see to it that it ends.</summary>
    private static void RendersOrIsRefused(string template)
    {
        var rendering = new Rendering((JsonObject)Composite.DeepClone(), new Dictionary<string, ObservedResource>());
        var data = new GoMap { ["a"] = "text", ["b"] = 2.0, ["l"] = new List<object?> { "x", 1L, null }, ["m"] = new GoMap { ["k"] = 1.5 }, ["n"] = null };
        try
        {
            Template.Parse("t", template, Delimiters.Default, CrossplaneFunctions.All)
                .Execute(data, MissingKey.Invalid, new Execution(new Budget(CancellationToken.None), TimeProvider.System, "seed"));
            GoTemplatingFunction.Run(new JsonObject { ["source"] = "Inline", ["inline"] = new JsonObject { ["template"] = template } }, rendering, TimeProvider.System);
        }
        catch (FatalResultException)
        {
            // Refused.
        }
    }
}
