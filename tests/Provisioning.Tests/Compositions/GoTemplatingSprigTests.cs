using Microsoft.Extensions.Time.Testing;
using static Flagstone.Provisioning.Tests.Compositions.GoTemplatingRendering;

namespace Flagstone.Provisioning.Tests.Compositions;

public sealed class GoTemplatingSprigTests
{
    private const string Data = """{"name":"db","count":3,"nothing":null,"list":["b","a","b"],"map":{"y":"2","x":"1"}}""";

    [Theory]
    [InlineData("trim \" a \"", "a")]
    [InlineData("trimAll \"$\" \"$5$\"", "5")]
    [InlineData("trimSuffix \"-\" \"a-\"", "a")]
    [InlineData("upper \"a\" | lower | title", "A")]
    [InlineData("repeat 3 \"ab\"", "ababab")]
    [InlineData("substr 0 3 \"hello\"", "hel")]
    [InlineData("trunc 3 \"hello\"", "hel")]
    [InlineData("trunc -3 \"hello\"", "llo")]
    [InlineData("abbrev 7 \"hello world\"", "hell...")]
    [InlineData("abbrevboth 5 10 \"1234 5678 9123\"", "...5678...")]
    [InlineData("initials \"First Try\"", "FT")]
    [InlineData("wrap 5 \"aa bb cc\"", "aa bb\ncc")]
    [InlineData("contains \"e\" \"hello\"", "true")]
    [InlineData("quote .name .nothing 3", "\"db\" \"3\"")]
    [InlineData("squote .name", "'db'")]
    [InlineData("cat \"a\" 1", "a 1")]
    [InlineData("nindent 2 \"a\\nb\"", "\n  a\n  b")]
    [InlineData("\"I Am\" | replace \" \" \"-\"", "I-Am")]
    [InlineData("snakecase \"FirstName\"", "first_name")]
    [InlineData("kebabcase \"FirstName\"", "first-name")]
    [InlineData("camelcase \"http_server\"", "HttpServer")]
    [InlineData("join \"-\" .list", "b-a-b")]
    [InlineData("join \",\" (list 1 2)", "1,2")]
    [InlineData("splitList \"$\" \"a$b\"", "[a b]")]
    [InlineData("(split \"$\" \"a$b\")._1", "b")]
    [InlineData("sortAlpha .list", "[a b b]")]
    [InlineData("toString 1.5", "1.5")]
    [InlineData("int \"7\" | add 1", "8")]
    [InlineData("int .count", "3")]
    [InlineData("add 1 2 3", "6")]
    [InlineData("sub 5 2 | mul 2", "6")]
    [InlineData("div 7 2", "3")]
    [InlineData("mod 7 2", "1")]
    [InlineData("max 1 5 3", "5")]
    [InlineData("round 123.5555 3", "123.556")]
    [InlineData("ceil 1.1", "2")]
    [InlineData("addf 1.5 2", "3.5")]
    [InlineData("until 3", "[0 1 2]")]
    [InlineData("untilStep 6 0 -2", "[6 4 2]")]
    [InlineData("seq 1 2 5", "1 3 5")]
    [InlineData("seq 3", "1 2 3")]
    [InlineData("default \"x\" .absent", "x")]
    [InlineData("default \"x\" \"\"", "x")]
    [InlineData("coalesce .absent \"\" .name", "db")]
    [InlineData("ternary \"a\" \"b\" true", "a")]
    [InlineData("empty .nothing", "true")]
    [InlineData("kindOf .map", "map")]
    [InlineData("typeOf .count", "float64")]
    [InlineData("first .list", "b")]
    [InlineData("rest .list", "[a b]")]
    [InlineData("initial .list", "[b a]")]
    [InlineData("append .list \"c\"", "[b a b c]")]
    [InlineData("concat (list 1) (list 2)", "[1 2]")]
    [InlineData("uniq .list", "[b a]")]
    [InlineData("without .list \"b\"", "[a]")]
    [InlineData("has \"a\" .list", "true")]
    [InlineData("chunk 2 .list", "[[b a] [b]]")]
    [InlineData("compact (list 0 1 \"\")", "[1]")]
    [InlineData("dict \"a\" 1 \"b\" 2", "map[a:1 b:2]")]
    [InlineData("get .map \"x\"", "1")]
    [InlineData("get .map \"none\"", "")]
    [InlineData("hasKey .map \"x\"", "true")]
    [InlineData("keys .map", "[x y]")]
    [InlineData("values .map", "[1 2]")]
    [InlineData("pluck \"x\" .map (dict \"x\" 3)", "[1 3]")]
    [InlineData("pick .map \"x\"", "map[x:1]")]
    [InlineData("omit .map \"x\"", "map[y:2]")]
    [InlineData("merge (dict \"x\" \"0\" \"e\" \"\") .map (dict \"e\" 5)", "map[e:5 x:0 y:2]")]
    [InlineData("mergeOverwrite (dict \"x\" \"0\") .map", "map[x:1 y:2]")]
    [InlineData("dig \"map\" \"x\" \"none\" .", "1")]
    [InlineData("dig \"map\" \"z\" \"none\" .", "none")]
    [InlineData("b64enc \"hello\" | b64dec", "hello")]
    [InlineData("b32enc \"hello\"", "NBSWY3DP")]
    [InlineData("b32dec \"NBSWY3DP\"", "hello")]
    [InlineData("sha256sum \"a\" | trunc 8", "ca978112")]
    [InlineData("adler32sum \"hello\"", "103547413")]
    [InlineData("toJson (dict \"b\" 1 \"a\" \"<\")", "{\"a\":\"\\u003c\",\"b\":1}")]
    [InlineData("toRawJson \"<\"", "\"<\"")]
    [InlineData("(fromJson \"{\\\"a\\\":1.5}\").a", "1.5")]
    [InlineData("toYaml (dict \"b\" (list 1) \"a\" \"yes\")", "a: \"yes\"\nb:\n- 1\n")]
    [InlineData("(fromYaml \"a: [1, x]\").a", "[1 x]")]
    [InlineData("regexMatch \"^[a-z]+$\" .name", "true")]
    [InlineData("regexFindAll \"[2,4,6,8]\" \"123456789\" -1", "[2 4 6 8]")]
    [InlineData("regexReplaceAll \"a(x*)b\" \"-ab-axxb-\" \"${1}W\"", "-W-xxW-")]
    [InlineData("regexReplaceAll \"(?P<l>[[:alpha:]]+)\" \"ab1\" \"$l-\"", "ab-1")]
    [InlineData("regexSplit \"z+\" \"pizza\" -1", "[pi a]")]
    [InlineData("(semver \"v1.2.3-beta.1\").Minor", "2")]
    [InlineData("semverCompare \"^1.2\" \"1.9.0\"", "true")]
    [InlineData("semverCompare \">=1.2, <1.5\" \"1.9.0\"", "false")]
    [InlineData("(urlParse \"http://u:p@h:80/p?q=1#f\").hostname", "h")]
    [InlineData("base \"a/b.txt\" | ext", ".txt")]
    [InlineData("toDate \"2006-01-02\" \"2024-02-03\" | date \"02/01/06 Jan Mon\"", "03/02/24 Feb Sat")]
    [InlineData("duration 3661", "1h1m1s")]
    [InlineData("durationRound \"2h10m5s\"", "2h")]
    public void A_function_gives_what_sprig_gives(string call, string output) => Assert.Equal(output, Render($"{{{{{call}}}}}", Data));

    [Fact]
    public void A_map_is_changed_in_place() => Assert.Equal("map[a:1]", Render("{{$m := dict}}{{$_ := set $m \"a\" 1}}{{$m}}"));

    [Fact]
    public void Time_is_that_of_the_clock()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 3, 4, 5, 6, 7, TimeSpan.Zero));
        Assert.Equal("2026-03-04T05:06:07Z", Render("{{now | date \"2006-01-02T15:04:05Z07:00\"}}", clock: clock));
        Assert.Equal("2026-03-04 06:06", Render("{{now | dateModify \"1h\" | date \"2006-01-02 15:04\"}}", clock: clock));
    }

    [Fact]
    public void A_random_choice_stays_while_the_composite_does()
    {
        const string Template = "{{range until 20}}{{randomChoice \"a\" \"b\" \"c\"}}{{end}}";
        Assert.Equal(Render(Template, seed: "one"), Render(Template, seed: "one"));
        Assert.NotEqual(Render(Template, seed: "one"), Render(Template, seed: "two"));
        Assert.Equal(3, Render(Template, seed: "one").Distinct().Count());
    }

    [Theory]
    [InlineData("randAlphaNum 10")]
    [InlineData("genPrivateKey \"rsa\"")]
    [InlineData("uuidv4")]
    public void A_random_secret_is_refused_with_the_reason(string call) =>
        Assert.Contains("its output must not change", Error($"{{{{{call}}}}}"), StringComparison.Ordinal);
}
