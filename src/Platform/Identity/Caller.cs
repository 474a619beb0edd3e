using Flagstone.Platform.Ledger;

namespace Flagstone.Platform.Identity;

/// <summary>What a token may do; each role is explained in docs/guides/access.md.</summary>
public enum Role
{
    /// <summary>Reads everything but secret values.</summary>
    Viewer,

    /// <summary>Reads, and changes what services are made of.</summary>
    Developer,

    /// <summary>Reads, and approves others' changes.</summary>
    Approver,

    /// <summary>Reads, and the ledger's entries and proofs too.</summary>
    Auditor,

    /// <summary>Everything.</summary>
    Administrator,

    /// <summary>Runs the workflows of one namespace of Temporal's API. Nothing else, and signs in nowhere else.</summary>
    Worker,
}

/// <summary>Who is signed in.</summary>
/// <param name="Actor">The ledger's name for them.</param>
/// <param name="Name">Their name as people know it.</param>
/// <param name="Namespace">The one namespace in which the token may change things, or empty for all.</param>
public sealed record Caller(Actor Actor, string Name, Role Role, string Namespace = "")
{
    /// <summary>The platform's own controllers: authorized, not judged.</summary>
    public static Caller System(string controller) => new(Actor.Controller(controller), $"system:{controller}", Role.Administrator);

    public bool IsSystem => Actor.Id.StartsWith("system:", StringComparison.Ordinal);
}
