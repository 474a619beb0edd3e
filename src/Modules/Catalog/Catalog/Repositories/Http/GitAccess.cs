using Microsoft.AspNetCore.Http;

namespace Flagstone.Catalog.Repositories.Http;

internal enum GitAccess
{
    Read,
    Write,
}

/// <summary>Who clones or pushes. The name is what the ledger knows the person by.</summary>
internal sealed record GitCaller(string Name);

/// <summary>
/// Decides whether a request may read or write a repository. Null refuses: with 401, so that Git asks for a token, unless the decision has
/// set another status itself. It is asked before anything is said about whether the repository is there.
/// </summary>
internal delegate ValueTask<GitCaller?> AuthorizeGit(HttpContext context, RepositoryName repository, GitAccess access);

/// <summary>Hears of a push, also of one that failed. A hint: what the branches say is what counts.</summary>
internal delegate ValueTask GitPushed(RepositoryName repository, GitCaller caller);
