using System.Reflection;
using System.Text;
using Flagstone.Platform.Http;
using Flagstone.Platform.Problems;

namespace Flagstone.Host;

/// <summary>
/// The pages of <c>docs/problems</c>, where the type of a problem leads to. Public: who cannot sign in needs them most, and they hold no data.
/// They are plain text, which every browser shows.
/// </summary>
internal static class ProblemPages
{
    private static readonly Assembly Source = typeof(ProblemPages).Assembly;

    public static void MapProblemPages(this WebApplication app)
    {
        var pages = app.MapGroup(ProblemResults.Pages).ExcludeFromDescription().AllowAnonymous();
        pages.MapGet("/", () => TypedResults.Text(string.Concat(Names().Select(name => $"{ProblemResults.Pages}/{name}\n"))));
        pages.MapGet("/{name}", Get);
    }

    private static IResult Get(string name)
    {
        if (!Names().Contains(name, StringComparer.Ordinal))
        {
            return Catalogue.NoSuchPath($"{ProblemResults.Pages}/{name}").ToResult();
        }

        using var reader = new StreamReader(Source.GetManifestResourceStream(Resource(name))!, Encoding.UTF8);
        return TypedResults.Text(reader.ReadToEnd());
    }

    private static IEnumerable<string> Names() => Source.GetManifestResourceNames()
        .Where(resource => resource.StartsWith(Resource(""), StringComparison.Ordinal)).Select(resource => resource[Resource("").Length..]).Order(StringComparer.Ordinal);

    private static string Resource(string name) => $"problems/{name}";
}
