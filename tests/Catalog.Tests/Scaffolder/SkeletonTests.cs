using System.Runtime.Versioning;
using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Catalog.Files;
using Flagstone.Catalog.Scaffolder.Skeletons;
using Flagstone.Catalog.Templating.Evaluation;

namespace Flagstone.Catalog.Tests.Scaffolder;

public sealed class SkeletonTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("skeleton-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public async Task Names_and_contents_are_rendered_and_modes_are_kept()
    {
        Write("src/${{ values.name }}.txt", "hello ${{ values.name }}\n");
        Write("run.sh", "#!/bin/sh\n");
        File.SetUnixFileMode(Path.Combine(folder, "run.sh"), UnixFileMode.UserRead | UnixFileMode.UserExecute);

        var files = Assert.IsType<FilesRead>(await RenderAsync(new JsonObject { ["name"] = "web" })).Files;

        Assert.Equal(["run.sh", "src/web.txt"], files.Select(file => file.Key.Value));
        Assert.Equal("hello web\n", Text(files, "src/web.txt"));
        Assert.True(Find(files, "run.sh").Executable);
        Assert.False(Find(files, "src/web.txt").Executable);
    }

    [Fact]
    public async Task A_value_with_slashes_makes_folders_and_an_empty_one_leaves_files_out()
    {
        Write("src/${{ values.package | replace('.', '/') }}/Main.java", "package ${{ values.package }};");
        Write("${{ 'docs' if values.docs }}/index.md", "docs");
        Write("a/${{ 'only.txt' if values.docs }}", "only");

        var files = Assert.IsType<FilesRead>(await RenderAsync(new JsonObject { ["package"] = "com.acme.web", ["docs"] = false })).Files;

        Assert.Equal(["src/com/acme/web/Main.java"], files.Select(file => file.Key.Value));
    }

    [Fact]
    public async Task Binary_files_and_those_that_are_named_are_copied()
    {
        byte[] binary = [0x89, 0x50, 0, .. "${{ values.name }}"u8];
        byte[] latin1 = [0xE9, .. "${{ values.name }}"u8];
        Write("logo.png", binary);
        Write("latin1.txt", latin1);
        Write(".github/workflows/${{ values.name }}.yaml", "${{ secrets.TOKEN }}");

        var options = new SkeletonOptions { CopyWithoutTemplating = [".github/workflows/*.yaml"] };
        var files = Assert.IsType<FilesRead>(await RenderAsync(new JsonObject { ["name"] = "web" }, options)).Files;

        Assert.Equal(binary, Find(files, "logo.png").Bytes.ToArray());
        Assert.Equal(latin1, Find(files, "latin1.txt").Bytes.ToArray());
        Assert.Equal("${{ secrets.TOKEN }}", Text(files, ".github/workflows/web.yaml"));
    }

    [Fact]
    public async Task With_an_extension_only_its_files_are_rendered_and_it_goes_away()
    {
        Write("a.txt.njk", "${{ values.name }}");
        Write("b.txt", "${{ values.name }}");

        var options = new SkeletonOptions { TemplateFileExtension = ".njk" };
        var files = Assert.IsType<FilesRead>(await RenderAsync(new JsonObject { ["name"] = "web" }, options)).Files;

        Assert.Equal("web", Text(files, "a.txt"));
        Assert.Equal("${{ values.name }}", Text(files, "b.txt"));
    }

    [Theory]
    [InlineData("../../etc/passwd", "climbs out")]
    [InlineData("a/../../b", "climbs out")]
    [InlineData(".git/hooks", "Git keeps")]
    [InlineData("a\\..\\b", "backslash")]
    public async Task A_name_that_climbs_out_is_refused_by_the_file_that_has_it(string value, string reason)
    {
        Write("ok.txt", "fine");
        Write("${{ values.name }}.txt", "x");
        Write("x/${{ values.name }}/y.txt", "x");

        var refused = Assert.IsType<FilesRefused>(await RenderAsync(new JsonObject { ["name"] = value }));

        Assert.Contains("${{ values.name }}", refused.Refusal.File, StringComparison.Ordinal);
        Assert.Contains(reason, refused.Refusal.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_symbolic_link_is_refused_and_never_read()
    {
        Write("ok.txt", "fine");
        File.CreateSymbolicLink(Path.Combine(folder, "link"), "/etc/passwd");
        var file = Assert.IsType<FilesRefused>(await RenderAsync([]));
        File.Delete(Path.Combine(folder, "link"));
        Directory.CreateSymbolicLink(Path.Combine(folder, "tree"), "/etc");
        var tree = Assert.IsType<FilesRefused>(await RenderAsync([]));

        Assert.Equal(new FileRefusal("link", "it is a symbolic link"), file.Refusal);
        Assert.Equal(new FileRefusal("tree", "it is a symbolic link"), tree.Refusal);
    }

    [Fact]
    public async Task Names_that_meet_after_rendering_are_refused()
    {
        Write("${{ values.a }}.txt", "1");
        Write("${{ values.b }}.txt", "2");
        var refused = Assert.IsType<FilesRefused>(await RenderAsync(new JsonObject { ["a"] = "Same", ["b"] = "same" }));
        Assert.Contains("case only", refused.Refusal.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_error_in_a_file_names_the_file_the_line_and_the_column()
    {
        Write("deep/broken.yaml", "a: 1\nb: ${{ values.x | nope }}\n");
        var refused = Assert.IsType<FilesRefused>(await RenderAsync([]));
        Assert.Equal(
            "File 'deep/broken.yaml' is refused: Template error at line 2, column 19: Unknown template filter \"nope\".",
            refused.Refusal.Message);
    }

    private async Task<FileReading> RenderAsync(JsonObject values, SkeletonOptions? options = null)
    {
        var ct = TestContext.Current.CancellationToken;
        var reading = await new FolderSkeletons(folder, FileLimits.Default).ReadAsync(FolderPath.Root, ct);
        var context = new TemplateContext(new JsonObject { ["values"] = values });
        return reading is FilesRead read
            ? new SkeletonRenderer(options ?? new SkeletonOptions(), context, FileLimits.Default).Render(read.Files, ct)
            : reading;
    }

    private void Write(string path, string text) => Write(path, Encoding.UTF8.GetBytes(text));

    private void Write(string path, byte[] bytes)
    {
        var full = Path.Combine(folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllBytes(full, bytes);
    }

    private static FileContent Find(FileSet files, string path) => files.Single(file => file.Key.Value == path).Value;

    private static string Text(FileSet files, string path) => Encoding.UTF8.GetString(Find(files, path).Bytes.Span);
}
