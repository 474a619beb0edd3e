namespace Flagstone.Workflows.Frontend;

/// <summary>Marks a handler of an RPC of Temporal's API, and says how much of it is there. A method of the API without a handler answers UNIMPLEMENTED.</summary>
/// <param name="missing">What of it is not there; empty when all is.</param>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RpcAttribute(string missing = "") : Attribute
{
    public string Missing { get; } = missing;
}
