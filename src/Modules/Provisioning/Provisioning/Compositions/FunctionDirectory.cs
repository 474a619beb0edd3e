using System.Text.Json.Nodes;

namespace Flagstone.Provisioning.Compositions;

/// <summary>Finds the function that a pipeline's step names.</summary>
/// <param name="find">The Function resource of a name, or null.</param>
/// <param name="connect">Makes a function of an address.</param>
internal sealed class FunctionDirectory(Func<string, CancellationToken, ValueTask<JsonObject?>> find, Func<JsonObject, ICompositionFunction?> connect)
{
    /// <exception cref="FatalResultException">There is no such function here.</exception>
    public async ValueTask<ICompositionFunction> FindAsync(string name, CancellationToken ct) =>
        await TryFindAsync(name, ct)
        ?? throw new FatalResultException(Unknown(name));

    /// <summary>Null when there is none of that name.</summary>
    public async ValueTask<ICompositionFunction?> TryFindAsync(string name, CancellationToken ct) =>
        await find(name, ct) is not { } resource ? BuiltInFunctions.Find(name)
            : connect(resource) ?? BuiltInFunctions.Find(FunctionKinds.PackageOf(resource)) ?? BuiltInFunctions.Find(name);

    public static string Unknown(string name) =>
        $"there is no function {name} here. Use one of: {string.Join(", ", BuiltInFunctions.Names)}; or apply a Function of that name with the annotation {FunctionKinds.TargetAnnotation}: HOST:PORT.";
}
