using Flagstone.Catalog.Yaml;

namespace Flagstone.Catalog.Tests.Yaml;

public sealed class YamlReaderTests
{
    [Fact]
    public void Plain_scalars_have_the_types_of_the_core_schema()
    {
        var read = Assert.IsType<YamlRead>(YamlReader.Read("[1, -2, 0x1F, 1.5, 1e3, true, null, ~, yes, 012, '1', \"true\", 1.2.3]"));
        Assert.Equal("""[1,-2,31,1.5,1000,true,null,null,"yes",12,"1","true","1.2.3"]""", read.Documents.Single().Root.ToJsonString());
    }

    [Fact]
    public void Documents_are_told_apart_and_empty_ones_are_left_out()
    {
        var read = Assert.IsType<YamlRead>(YamlReader.Read("a: 1\n---\n---\n# only a comment\n---\nb: 2\n"));
        Assert.Equal(["""{"a":1}""", """{"b":2}"""], read.Documents.Select(document => document.Root.ToJsonString()));
        Assert.Equal([1, 6], read.Documents.Select(document => document.Line));
    }

    [Fact]
    public void An_alias_is_a_copy()
    {
        var read = Assert.IsType<YamlRead>(YamlReader.Read("a: &x {p: 1}\nb: *x\n"));
        Assert.Equal("""{"a":{"p":1},"b":{"p":1}}""", read.Documents.Single().Root.ToJsonString());
    }

    [Fact]
    public void An_alias_bomb_is_refused_and_names_its_line()
    {
        var bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
            + string.Concat("bcdefghij".Select((c, i) => $"{c}: &{c} [{string.Join(", ", Enumerable.Repeat($"*{(char)('a' + i)}", 10))}]\n"));
        var refused = Assert.IsType<YamlRefused>(YamlReader.Read(bomb));
        Assert.Contains("aliases unfolded", refused.Reason, StringComparison.Ordinal);
        Assert.Equal(5, refused.Line);
    }

    [Theory]
    [InlineData("a: 1\na: 2\n", 2)]
    [InlineData("a: [1\n", 2)]
    [InlineData("a: *nowhere\n", 1)]
    [InlineData("a: &x [*x]\n", 1)]
    public void What_is_not_sound_is_refused_by_line(string text, int line) =>
        Assert.Equal(line, Assert.IsType<YamlRefused>(YamlReader.Read(text)).Line);

    [Fact]
    public void Deep_nesting_is_refused() =>
        Assert.IsType<YamlRefused>(YamlReader.Read(new string('[', 10_000) + new string(']', 10_000)));
}
