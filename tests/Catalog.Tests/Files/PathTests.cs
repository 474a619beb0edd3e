using CsCheck;
using Flagstone.Catalog.Files;

namespace Flagstone.Catalog.Tests.Files;

public sealed class PathTests
{
    [Theory]
    [InlineData("README.md")]
    [InlineData(".github/workflows/ci.yaml")]
    [InlineData("a b/ünïcode.txt")]
    [InlineData("..a/...")]
    [InlineData(".gitignore")]
    public void A_path_inside_is_taken(string text) => Assert.True(RelativePath.TryParse(text, out _));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("/etc/passwd")]
    [InlineData("../up")]
    [InlineData("a/../../up")]
    [InlineData("a/./b")]
    [InlineData("a//b")]
    [InlineData("a/")]
    [InlineData("a\\b")]
    [InlineData("a\0b")]
    [InlineData("a\nb")]
    [InlineData(".git/hooks/post-update")]
    [InlineData("sub/.GIT/config")]
    [InlineData(".git ./config")]
    [InlineData("git~1/config")]
    public void A_path_that_leaves_or_means_something_else_is_refused(string? text) => Assert.False(RelativePath.TryParse(text, out _));

    [Fact]
    public void Whatever_is_taken_stays_below_the_folder_it_is_joined_to() =>
        Gen.String[Gen.Char["./\\a~ \0"], 0, 12].Sample(text =>
        {
            var taken = RelativePath.TryParse(text, out var path);
            return !taken || Path.GetFullPath(Path.Combine("/root/folder", path.Value)).StartsWith("/root/folder/", StringComparison.Ordinal);
        });

    [Theory]
    [InlineData("A.txt", "a.txt")]
    [InlineData("Docs/a", "docs/b")]
    [InlineData("a", "a/b")]
    [InlineData("a/b", "a")]
    [InlineData("a", "a")]
    public void Files_that_one_disk_could_not_hold_together_are_refused(string first, string second)
    {
        Assert.False(FileSet.TryCreate([File(first), File(second)], FileLimits.Default, out _, out var refusal));
        Assert.Equal(second, refusal.File);
    }

    [Fact]
    public void Limits_name_the_file_that_is_one_too_many()
    {
        var limits = new FileLimits { Files = 1, FileBytes = 4, TotalBytes = 6 };
        Assert.False(FileSet.TryCreate([File("a"), File("b")], limits, out _, out var many));
        Assert.False(FileSet.TryCreate([File("c", "12345")], limits, out _, out var large));
        Assert.False(FileSet.TryCreate([File("d", "1234"), File("e", "567")], limits with { Files = 2 }, out _, out var together));
        Assert.Equal(["b", "c", "e"], [many.File, large.File, together.File]);
    }

    [Theory]
    [InlineData(null, "")]
    [InlineData(".", "")]
    [InlineData("./", "")]
    [InlineData("./app", "app")]
    [InlineData("app/", "app")]
    public void A_folder_is_written_in_several_ways(string? text, string expected)
    {
        Assert.True(FolderPath.TryParse(text, out var folder, out _));
        Assert.Equal(expected, folder.Value);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/app")]
    [InlineData("../app")]
    [InlineData("./../app")]
    [InlineData("app/..")]
    public void A_folder_outside_is_refused(string text) => Assert.False(FolderPath.TryParse(text, out _, out _));

    private static KeyValuePair<RelativePath, FileContent> File(string path, string text = "") =>
        RelativePath.TryParse(path, out var parsed) ? KeyValuePair.Create(parsed, FileContent.Text(text)) : throw new ArgumentException(path);
}
