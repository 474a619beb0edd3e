using System.Text;
using Flagstone.Catalog.Files;
using Flagstone.Catalog.Templating;
using Flagstone.Catalog.Templating.Evaluation;
using Microsoft.Extensions.FileSystemGlobbing;

namespace Flagstone.Catalog.Scaffolder.Skeletons;

/// <summary>Renders a skeleton: the names and the contents of its files. The same skeleton and values give the same files.</summary>
internal sealed class SkeletonRenderer(SkeletonOptions options, TemplateContext context, FileLimits limits)
{
    // As Git decides whether a file is binary.
    private const int BinaryProbe = 8000;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public FileReading Render(FileSet skeleton, CancellationToken ct)
    {
        var copied = CopiedFiles(skeleton);
        List<KeyValuePair<RelativePath, FileContent>> files = [];
        foreach (var (path, content) in skeleton)
        {
            try
            {
                var name = Render(StripExtension(path.Value), ct);
                if (IsSkipped(name))
                {
                    continue;
                }

                if (!RelativePath.TryParse(name, out var target, out var refusal))
                {
                    return new FilesRefused(new FileRefusal(path.Value, $"its name renders to '{name}', and {refusal}"));
                }

                files.Add(KeyValuePair.Create(target, copied.Contains(path.Value) ? content : Render(path, content, ct)));
            }
            catch (TemplateException e)
            {
                return new FilesRefused(new FileRefusal(path.Value, e.Message));
            }
        }

        return FileSet.TryCreate(files, limits, out var set, out var unfit) ? new FilesRead(set) : new FilesRefused(unfit);
    }

    // A segment that renders to nothing leaves out the file, or all files of the folder.
    private static bool IsSkipped(string name) => name.Length == 0 || name.Split('/').Any(segment => segment.Length == 0);

    private HashSet<string> CopiedFiles(FileSet skeleton)
    {
        var matcher = new Matcher(StringComparison.Ordinal);
        foreach (var glob in options.CopyWithoutTemplating)
        {
            // A glob that names a folder means all that is in it.
            matcher.AddInclude(glob.TrimEnd('/'));
            matcher.AddInclude($"{glob.TrimEnd('/')}/**/*");
        }

        return matcher.Match(skeleton.Select(file => file.Key.Value)).Files.Select(match => match.Path).ToHashSet(StringComparer.Ordinal);
    }

    private FileContent Render(RelativePath path, FileContent content, CancellationToken ct)
    {
        if (!IsTemplate(path.Value) || TryDecode(content.Bytes.Span) is not { } text)
        {
            return content;
        }

        return content with { Bytes = Strict.GetBytes(Render(text, ct)) };
    }

    private string Render(string text, CancellationToken ct) => Template.Parse(text, options.Syntax).Render(context, ct);

    private bool IsTemplate(string path) =>
        options.TemplateFileExtension is not { } extension || path.EndsWith(extension, StringComparison.Ordinal);

    private string StripExtension(string path) =>
        options.TemplateFileExtension is { } extension && path.EndsWith(extension, StringComparison.Ordinal)
            ? path[..^extension.Length]
            : path;

    private static string? TryDecode(ReadOnlySpan<byte> bytes)
    {
        if (bytes[..Math.Min(bytes.Length, BinaryProbe)].Contains((byte)0))
        {
            return null;
        }

        try
        {
            return Strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
