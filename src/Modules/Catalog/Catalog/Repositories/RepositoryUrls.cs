namespace Flagstone.Catalog.Repositories;

/// <summary>Where a hosted repository is found from outside. The base is the address that people use for the platform.</summary>
internal sealed class RepositoryUrls(Uri publicBase)
{
    private readonly string root = publicBase.AbsoluteUri.TrimEnd('/');

    /// <summary>What <c>git clone</c> takes.</summary>
    public string Remote(RepositoryName name) => $"{root}/git/{name}.git";

    /// <summary>The folder that the paths of <c>catalog:register</c> are counted from.</summary>
    public string Contents(RepositoryName name, BranchName branch) => $"{root}/repositories/{name}/blob/{branch}";

    /// <summary>The other way round; false for an address of another host or of another form.</summary>
    public bool TryParseContents(string url, out RepositoryName name, out BranchName branch)
    {
        (name, branch) = (default, default);
        var prefix = $"{root}/repositories/";
        if (!url.StartsWith(prefix, StringComparison.Ordinal))
        {
            return false;
        }

        return url[prefix.Length..].TrimEnd('/').Split("/blob/") is [var repository, var reference]
            && RepositoryName.TryParse(repository, out name)
            && BranchName.TryParse(reference, out branch);
    }
}
