using Flagstone.Catalog.Templating.Values;
using Microsoft.AspNetCore.WebUtilities;

namespace Flagstone.Catalog.Templating.Filters;

/// <summary>
/// What the field RepoUrlPicker makes: <c>host?owner=O&amp;repo=R</c>, and organization, workspace or project where the host has them
/// (Backstage scaffolder-node, parseRepoUrl).
/// </summary>
internal sealed record RepositoryUrl(string Host, OrderedDictionary<string, string> Parts)
{
    private static readonly string[] Known = ["owner", "repo", "organization", "workspace", "project"];

    public string Slug => $"{Parts.GetValueOrDefault("owner")}/{Parts.GetValueOrDefault("repo")}";

    public static RepositoryUrl Parse(string text)
    {
        if (!Uri.TryCreate($"https://{text}", UriKind.Absolute, out var url) || url.Host.Length == 0)
        {
            throw new TemplateFault($"\"{text}\" is not on the form host?owner=OWNER&repo=REPOSITORY");
        }

        var query = QueryHelpers.ParseQuery(url.Query);
        var parts = new OrderedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in Known)
        {
            var value = query.TryGetValue(name, out var values) ? values.ToString().Trim('/') : "";
            if (value.Length > 0)
            {
                parts[name] = value;
            }
        }

        var host = url.IsDefaultPort ? url.Host : url.Authority;
        foreach (var name in Required(host, parts).Where(name => !parts.ContainsKey(name)))
        {
            throw new TemplateFault($"\"{text}\" names no {name}, which a repository at {host} has");
        }

        return new RepositoryUrl(host, parts);
    }

    public MapValue ToValue()
    {
        var entries = new OrderedDictionary<string, TemplateValue>(StringComparer.Ordinal) { ["host"] = new Text(Host) };
        foreach (var (name, value) in Parts)
        {
            entries[name] = new Text(value);
        }

        return new MapValue(entries);
    }

    private static string[] Required(string host, OrderedDictionary<string, string> parts) => host switch
    {
        "bitbucket.org" => ["workspace", "project", "repo"],
        "dev.azure.com" => ["project", "repo"],
        "gitlab.com" when parts.ContainsKey("project") => [],
        _ => ["owner", "repo"],
    };
}
