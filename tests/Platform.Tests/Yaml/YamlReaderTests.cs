using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using Flagstone.Platform.Schemas;
using Flagstone.Platform.Yaml;

namespace Flagstone.Platform.Tests.Yaml;

public sealed class YamlReaderTests
{
    private static readonly string[] Pieces =
    [
        "a", ": ", "- ", "\n", "  ", "\"", "'", "[", "]", "{", "}", ",", "&a ", "*a ", "!", "|", ">", "#", "%", "---\n", "...\n", "? ", "\t",
        "<<: ", "\0", "\u0085", "é", "\ud83d", "0", "@", "`", "\\x", "!!str ", "%YAML 1.2\n",
    ];

    [Theory]
    [InlineData("1", "1")]
    [InlineData("-17", "-17")]
    [InlineData("+17", "17")]
    [InlineData("0644", "644")]
    [InlineData("0o17", "15")]
    [InlineData("0xFF", "255")]
    [InlineData("9223372036854775807", "9223372036854775807")]
    [InlineData("123456789012345678901234567890", "123456789012345678901234567890")]
    [InlineData("1.5", "1.5")]
    [InlineData("1e3", "1000")]
    [InlineData(".5", "0.5")]
    [InlineData("true", "true")]
    [InlineData("True", "true")]
    [InlineData("null", "null")]
    [InlineData("~", "null")]
    [InlineData("", "null")]
    [InlineData("yes", "\"yes\"")]
    [InlineData("off", "\"off\"")]
    [InlineData("1_000", "\"1_000\"")]
    [InlineData("12:30:45", "\"12:30:45\"")]
    [InlineData("2024-01-01", "\"2024-01-01\"")]
    [InlineData("1.2.3", "\"1.2.3\"")]
    [InlineData("- 1\n", "[1]", true)]
    [InlineData("\"1\"", "\"1\"")]
    [InlineData("'true'", "\"true\"")]
    [InlineData("!!str 123", "\"123\"")]
    [InlineData("!!int \"12\"", "12")]
    [InlineData("|\n    a\n    b\n", "\"a\\nb\\n\"")]
    [InlineData("|\n  \n      a\n", "\"\\na\\n\"")]
    [InlineData(">-\n    a\n    b\n", "\"a b\"")]
    [InlineData("{a: [1, x]}", "{\"a\":[1,\"x\"]}")]
    public void A_scalar_means_what_the_core_schema_says(string yaml, string json, bool onOwnLine = false)
    {
        var text = $"v:{(onOwnLine ? "\n" : " ")}{yaml}";
        Assert.True(YamlReader.TryReadAll(text, null, out var documents, out var error), error?.ToString());
        Assert.Equal($"{{\"v\":{json}}}", Assert.Single(documents).Mapping.ToJsonString());
    }

    // Each line is what kubectl 1.32 annotate --local -o json printed, but for numbers past 63 bits, which it then reads as floating point.
    [Theory]
    [InlineData("0644", "420")]
    [InlineData("0o644", "420")]
    [InlineData("0O644", "420")]
    [InlineData("-0644", "-420")]
    [InlineData("+0644", "420")]
    [InlineData("00", "0")]
    [InlineData("007", "7")]
    [InlineData("08", "8")]
    [InlineData("0800", "800")]
    [InlineData("00.5", "0.5")]
    [InlineData("010e1", "100")]
    [InlineData("0x1F", "31")]
    [InlineData("0X1F", "31")]
    [InlineData("-0x1F", "-31")]
    [InlineData("+0x1f", "31")]
    [InlineData("0x1_F", "31")]
    [InlineData("0b11", "3")]
    [InlineData("0B11", "3")]
    [InlineData("-0b11", "-3")]
    [InlineData("0b1_1", "3")]
    [InlineData("0o6_4", "52")]
    [InlineData("0_644", "420")]
    [InlineData("1_000", "1000")]
    [InlineData("1__0", "10")]
    [InlineData("1_", "1")]
    [InlineData("-1_0", "-10")]
    [InlineData("1_000.5", "1000.5")]
    [InlineData("1_0e2", "1000")]
    [InlineData(".5_0", "0.5")]
    [InlineData("9223372036854775808", "9223372036854775808")]
    [InlineData("0xFFFFFFFFFFFFFFFF", "18446744073709551615")]
    [InlineData("0777777777777777777777777", "7.777777777777778E+23")]
    [InlineData("123456789012345678901234567890", "1.2345678901234568E+29")]
    [InlineData("1.", "1")]
    [InlineData(".5", "0.5")]
    [InlineData("+.5", "0.5")]
    [InlineData("1E3", "1000")]
    [InlineData("-2E+05", "-200000")]
    [InlineData("+12", "12")]
    [InlineData("!!int \"0644\"", "420")]
    [InlineData("!!bool \"yes\"", "true")]
    [InlineData("yes", "true")]
    [InlineData("Yes", "true")]
    [InlineData("YES", "true")]
    [InlineData("y", "true")]
    [InlineData("Y", "true")]
    [InlineData("on", "true")]
    [InlineData("On", "true")]
    [InlineData("ON", "true")]
    [InlineData("TRUE", "true")]
    [InlineData("no", "false")]
    [InlineData("NO", "false")]
    [InlineData("n", "false")]
    [InlineData("N", "false")]
    [InlineData("off", "false")]
    [InlineData("OFF", "false")]
    [InlineData("~", "null")]
    [InlineData("Null", "null")]
    [InlineData("_1", "\"_1\"")]
    [InlineData("0x10000000000000000", "\"0x10000000000000000\"")]
    [InlineData("1:30", "\"1:30\"")]
    [InlineData("190:20:30", "\"190:20:30\"")]
    [InlineData(".", "\".\"")]
    [InlineData("0x", "\"0x\"")]
    [InlineData("0b", "\"0b\"")]
    [InlineData("0o", "\"0o\"")]
    [InlineData("0b2", "\"0b2\"")]
    [InlineData("0xg", "\"0xg\"")]
    [InlineData("0b102", "\"0b102\"")]
    [InlineData("1-2", "\"1-2\"")]
    [InlineData("0644a", "\"0644a\"")]
    [InlineData("1e", "\"1e\"")]
    [InlineData("0e", "\"0e\"")]
    [InlineData("1e400", "\"1e400\"")]
    [InlineData("0x1p4", "\"0x1p4\"")]
    [InlineData("1.2.3", "\"1.2.3\"")]
    [InlineData("5Gi", "\"5Gi\"")]
    [InlineData("tRUE", "\"tRUE\"")]
    [InlineData("yEs", "\"yEs\"")]
    [InlineData("2001-01-01", "\"2001-01-01\"")]
    [InlineData("1,000", "\"1,000\"")]
    [InlineData("\"0644\"", "\"0644\"")]
    [InlineData("'yes'", "\"yes\"")]
    [InlineData("!!str yes", "\"yes\"")]
    [InlineData("!!str 0644", "\"0644\"")]
    public void A_scalar_of_a_manifest_means_what_kubectl_makes_of_it(string yaml, string json)
    {
        Assert.True(YamlReader.TryReadManifests($"v: {yaml}", null, out var documents, out var error), error?.ToString());
        Assert.Equal($"{{\"v\":{json}}}", Assert.Single(documents).Mapping.ToJsonString());
    }

    [Theory]
    [InlineData("0644", "420")]
    [InlineData("0x10", "16")]
    [InlineData("1_000", "1000")]
    [InlineData("-7", "-7")]
    [InlineData("yes", "true")]
    [InlineData("on", "true")]
    [InlineData("n", "false")]
    [InlineData("1.5", "1.5")]
    [InlineData("2001-01-01", "2001-01-01")]
    [InlineData("\"on\"", "on")]
    [InlineData("\"0644\"", "0644")]
    [InlineData("!!str yes", "yes")]
    public void A_key_of_a_manifest_is_the_text_of_what_kubectl_makes_of_it(string yaml, string key)
    {
        Assert.True(YamlReader.TryReadManifests($"{yaml}: x", null, out var documents, out var error), error?.ToString());
        Assert.Equal(key, Assert.Single(Assert.Single(documents).Mapping).Key);
    }

    [Theory]
    [InlineData(".inf")]
    [InlineData("-.Inf")]
    [InlineData(".nan")]
    public void A_manifest_holds_no_number_that_JSON_cannot_say(string yaml) =>
        Assert.False(YamlReader.TryReadManifests($"v: {yaml}", null, out _, out _));

    [Theory]
    [InlineData("a: 1\na: 2\n", 2, 1, "The key 'a' occurs twice in one mapping. Remove one of the two.")]
    [InlineData("a: *x\n", 1, 4, "The alias '*x' has no anchor before it. Put '&x' before the value that it should repeat.")]
    [InlineData("a: &x [*x]\n", 1, 8, "The alias '*x' stands inside the value that it repeats, which has no end. Write the value out.")]
    [InlineData("a: !Ref b\n", 1, 4, "The tag '!Ref' is not supported. Write the value without it.")]
    [InlineData("a: !!binary aGk=\n", 1, 4, "The tag 'tag:yaml.org,2002:binary' is not supported. Write the value without it.")]
    [InlineData("a: .inf\n", 1, 4, "'.inf' is no number that JSON can hold. Put it in quotes to keep the text.")]
    [InlineData("a: 1\n---\n- b\n", 3, 1, "The document is a list, and a resource is a mapping. Write 'name: value' lines at its root.")]
    [InlineData("just text\n", 1, 1, "The document is a single value, and a resource is a mapping. Write 'name: value' lines at its root.")]
    [InlineData("<<: 5\n", 1, 1, "The merge key '<<' takes a mapping or a list of mappings, such as an alias. Quote it to make it a name.")]
    public void A_text_that_cannot_be_read_says_where_why_and_what_to_do(string yaml, int line, int column, string message)
    {
        Assert.False(YamlReader.TryReadAll(yaml, null, out _, out var error));
        Assert.Equal(new YamlError(line, column, message), error);
    }

    [Theory]
    [InlineData("a: [1\n")]
    [InlineData("a: b: c\n")]
    [InlineData("a:\n\t- b\n")]
    [InlineData("a: \"x\n")]
    [InlineData("%YAML 3.0\n---\na: 1\n")]
    public void A_syntax_error_has_its_place(string yaml)
    {
        Assert.False(YamlReader.TryReadAll(yaml, null, out _, out var error));
        Assert.True(error.Line >= 1 && error.Column >= 1);
        Assert.StartsWith("This is not YAML: ", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("(Line", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Documents_know_where_they_begin_and_empty_ones_are_passed_over()
    {
        const string Yaml = "# comment\n---\na: 1\n---\n---\n# nothing\n---\nb: 2\n...\n";
        Assert.True(YamlReader.TryReadAll(Yaml, null, out var documents, out _));
        Assert.Equal([3, 8], documents.Select(document => document.Line));
        Assert.True(YamlReader.TryReadAll("", null, out documents, out _));
        Assert.Empty(documents);
    }

    [Fact]
    public void A_fields_line_is_found_through_maps_lists_and_documents()
    {
        const string Yaml = "a: 1\n---\nspec:\n  items:\n  - x: 1\n  - x: 2\n    y:\n      z: 3\n  other: {p: 1, q: 2}\n";
        Assert.True(YamlReader.TryReadAll(Yaml, null, out var documents, out _));
        var items = FieldPath.Field(null, "spec").Child("items");
        Assert.Equal(4, documents[1].LineOf(items));
        Assert.Equal(5, documents[1].LineOf(items.At(0)));
        Assert.Equal(8, documents[1].LineOf(items.At(1).Child("y").Child("z")));
        Assert.Equal(7, documents[1].LineOf(items.At(1).Child("y").Child("missing")));
        Assert.Equal(4, documents[1].LineOf(items.At(9)));
        Assert.Equal(9, documents[1].LineOf(FieldPath.Field(null, "spec").Child("other").Child("q")));
        Assert.Equal(3, documents[1].LineOf(FieldPath.Field(null, "status")));
        Assert.Equal(3, documents[1].LineOf(null));
    }

    [Fact]
    public void Aliases_are_copies()
    {
        var map = Read("a: &x {n: [1]}\nb: *x\nc: [*x, *x]\n");
        Assert.Equal("""{"a":{"n":[1]},"b":{"n":[1]},"c":[{"n":[1]},{"n":[1]}]}""", map.ToJsonString());
        map["b"]!["n"] = 2;
        Assert.Equal("""{"n":[1]}""", map["a"]!.ToJsonString());
    }

    [Fact]
    public void Merge_keys_fill_in_what_is_not_written()
    {
        var map = Read("x: &x {p: 1, q: 1}\ny: &y {q: 2, r: 2}\na:\n  <<: [*x, *y]\n  p: 0\nb:\n  \"<<\": text\n");
        Assert.Equal("""{"p":0,"q":1,"r":2}""", map["a"]!.ToJsonString());
        Assert.Equal("text", map["b"]!["<<"]!.GetValue<string>());
    }

    [Fact]
    public void A_placeholder_without_quotes_is_the_text_that_JavaScript_makes_of_it() =>
        Assert.Equal("""{"a":[{"{ host }":null}]}""", Read("a:\n- {{ host }}\n").ToJsonString());

    [Fact]
    public void A_quoted_text_may_go_on_no_deeper_than_its_mapping()
    {
        const string Yaml = "a:\n    b: \"one \\\"two\n    three\n\n    four\"\n    c: 'five\n    six'\nd: 1\n";
        Assert.True(YamlReader.TryReadAll(Yaml, null, out var documents, out var error), error?.ToString());
        Assert.Equal("one \"two three\nfour", documents[0].Mapping["a"]!["b"]!.GetValue<string>());
        Assert.Equal("five six", documents[0].Mapping["a"]!["c"]!.GetValue<string>());
        Assert.Equal(8, documents[0].LineOf(FieldPath.Field(null, "d")));
    }

    [Fact]
    public void An_alias_bomb_is_refused()
    {
        var yaml = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for (var i = 1; i < 30; i++)
        {
            yaml.Append(System.Globalization.CultureInfo.InvariantCulture, $"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 9))}]\n");
        }

        Assert.False(YamlReader.TryReadAll(yaml.ToString(), null, out _, out var error));
        Assert.Contains("more than 100000 values", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Depth_is_bounded_in_the_text_and_through_aliases()
    {
        Assert.False(YamlReader.TryReadAll($"a: {new string('[', 5000)}{new string(']', 5000)}", null, out _, out var error));
        Assert.Contains("nested more than 64 deep", error.Message, StringComparison.Ordinal);

        var yaml = $"a: &a {new string('[', 40)}{new string(']', 40)}\nb: {new string('[', 40)}*a{new string(']', 40)}\n";
        Assert.False(YamlReader.TryReadAll(yaml, null, out _, out error));
        Assert.Contains("With the alias '*a'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Size_is_bounded()
    {
        Assert.False(YamlReader.TryReadAll("a: ééé", new() { MaxBytes = 8 }, out _, out var error));
        Assert.Equal("The text has 9 bytes, and at most 8 are read. Split it into several.", error.Message);
    }

    [Fact]
    public void A_single_value_may_be_anything()
    {
        Assert.True(YamlReader.TryReadValue("- op: add\n", null, out var value, out _));
        Assert.Equal("""[{"op":"add"}]""", value!.ToJsonString());
        Assert.True(YamlReader.TryReadValue("", null, out value, out _));
        Assert.Null(value);
        Assert.False(YamlReader.TryReadValue("a\n---\nb\n", null, out _, out var error));
        Assert.Equal("line 3, column 1: The text has 2 documents where one is expected. Remove all but one.", error.ToString());
    }

    [Fact]
    public void Garbage_is_refused_and_never_thrown() => Gen.OneOf(Pieces).Array[0, 20].Sample(pieces =>
    {
        YamlReader.TryReadAll(string.Concat(pieces), null, out _, out var error);
        Assert.True(error is null or { Line: >= 1, Column: >= 1 });
    });

    private static JsonObject Read(string yaml)
    {
        Assert.True(YamlReader.TryReadAll(yaml, null, out var documents, out var error), error?.ToString());
        return Assert.Single(documents).Mapping;
    }
}
