using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Compositions.External;

/// <summary>The functions that run as programs of their own, one connection for each address.</summary>
internal sealed class ExternalFunctions(TimeProvider clock) : IDisposable
{
    /// <summary>One installation has a handful of functions; an address for each of many is a mistake.</summary>
    private const int MaxAddresses = 100;

    /// <summary>As Crossplane has it.</summary>
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(20);

    /// <summary>A reconcile that takes longer holds up its neighbours.</summary>
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<string, ExternalFunction> connected = new(StringComparer.Ordinal);

    /// <summary>Null for a Function that names no address: it is built in, or not here.</summary>
    /// <exception cref="FatalResultException">The address cannot be used.</exception>
    public ICompositionFunction? Connect(JsonObject function)
    {
        var target = FunctionKinds.TargetOf(function);
        if (target.Length == 0)
        {
            return null;
        }

        if (connected.Count >= MaxAddresses && !connected.ContainsKey($"{target} {TimeoutOf(function)}"))
        {
            throw new FatalResultException($"Function {function.NameOf()} names one address too many: {MaxAddresses} are in use");
        }

        var timeout = TimeoutOf(function);
        return connected.GetOrAdd(
            $"{target} {timeout}", _ => new ExternalFunction(function.NameOf(), FunctionAddress.Parse(function.NameOf(), target), timeout, clock));
    }

    private static TimeSpan TimeoutOf(JsonObject function)
    {
        var text = function.Annotation(FunctionKinds.TimeoutAnnotation);
        return text.Length == 0 ? DefaultTimeout
            : GoDuration.TryParse(text, out var given) && given > TimeSpan.Zero && given <= LongestTimeout ? given
            : throw new FatalResultException($"Function {function.NameOf()} has the timeout \"{text}\". Write a duration such as 20s, of at most {LongestTimeout.TotalSeconds}s.");
    }

    public void Dispose()
    {
        foreach (var function in connected.Values)
        {
            function.Dispose();
        }
    }
}
