using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;

namespace Flagstone.Provisioning.Providers.Simulated;

/// <summary>Settings of the provider <c>simulated</c>; keys <c>Flagstone:Provisioning:Simulated:...</c>.</summary>
internal sealed record SimulatedOptions
{
    public const string Section = "Flagstone:Provisioning:Simulated";

    /// <summary>How long a thing takes from its creation until it can be used; unset for half a second for databases and caches and none for the rest.</summary>
    public TimeSpan? Latency { get; init; }

    /// <summary>How many of a hundred calls go wrong.</summary>
    [Range(0, 90)]
    public int FaultPercent { get; init; }

    /// <summary>The same seed makes the same calls go wrong in the same way.</summary>
    public int FaultSeed { get; init; } = 1;

    /// <exception cref="ValidationException">A setting is out of its range.</exception>
    public static SimulatedOptions Read(IConfiguration configuration)
    {
        var options = configuration.GetSection(Section).Get<SimulatedOptions>() ?? new SimulatedOptions();
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
        return options;
    }
}
