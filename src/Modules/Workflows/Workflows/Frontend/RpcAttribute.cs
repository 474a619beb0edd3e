namespace Flagstone.Workflows.Frontend;

/// <summary>Marks a handler of an RPC of Temporal's API, and says how much of it is there. A method of the API without a handler answers UNIMPLEMENTED.</summary>
/// <param name="missing">What of it is not there; empty when all is.</param>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RpcAttribute(string missing = "") : Attribute
{
    public string Missing { get; } = missing;

    /// <summary>Who may call it; those who may run workflows, unless it says otherwise.</summary>
    public RpcAccess Access { get; init; }
}

/// <summary>Who may call an RPC.</summary>
internal enum RpcAccess
{
    /// <summary>Who may run workflows in the request's namespace.</summary>
    Run,

    /// <summary>Whoever is signed in; a worker of its own namespace alone.</summary>
    Read,

    /// <summary>Whoever is signed in; with a token that is bound to a namespace, in that one alone.</summary>
    ReadOwn,

    /// <summary>Whoever is signed in: it is about no namespace.</summary>
    Open,

    /// <summary>The gateway decides: the RPC changes a resource.</summary>
    Gateway,
}
