using System.Text.Json.Nodes;

namespace Flagstone.Provisioning.Compositions;

/// <summary>One function of a pipeline: built in, or a program of its own that speaks <c>apiextensions.fn.proto.v1</c>.</summary>
internal interface ICompositionFunction
{
    /// <summary>True when it may ask for resources besides the composite's; it then runs on a copy, as it may run again.</summary>
    bool MayRequire { get; }

    /// <exception cref="FatalResultException">Its result is fatal.</exception>
    ValueTask RunAsync(JsonObject input, Rendering rendering, CancellationToken ct);
}

/// <summary>A function that is built in: a pure change of the rendering.</summary>
internal sealed class BuiltInFunction(Action<JsonObject, Rendering> run, bool mayRequire = false) : ICompositionFunction
{
    public bool MayRequire => mayRequire;

    public ValueTask RunAsync(JsonObject input, Rendering rendering, CancellationToken ct)
    {
        run(input, rendering);
        return ValueTask.CompletedTask;
    }
}
