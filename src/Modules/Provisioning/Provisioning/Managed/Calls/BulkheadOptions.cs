using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;

namespace Flagstone.Provisioning.Managed.Calls;

/// <summary>How much one provider may have of this process; keys <c>Flagstone:Provisioning:Bulkheads:PROVIDER:...</c>.</summary>
internal sealed record BulkheadOptions
{
    public const string Section = "Flagstone:Provisioning:Bulkheads";

    /// <summary>So many resources at most are at the provider at once.</summary>
    [Range(1, 256)]
    public int Parallelism { get; init; } = 16;

    /// <summary>So many calls at most begin in a second.</summary>
    [Range(1, 10_000)]
    public int PerSecond { get; init; } = 100;

    /// <summary>After so long a call is cancelled. It is below the 30 seconds after which the scheduler stops to wait.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:00:28", ConvertValueInInvariantCulture = true, ParseLimitsInInvariantCulture = true)]
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>AWS throttles an account; a database server of our own and what is only simulated bear more.</summary>
    public static BulkheadOptions DefaultOf(string provider) => provider switch
    {
        "aws" => new() { PerSecond = 50 },
        "sql" => new() { Parallelism = 32, PerSecond = 500 },
        "simulated" => new() { Parallelism = 64, PerSecond = 2_000 },
        _ => new(),
    };

    /// <exception cref="InvalidOperationException">A setting is out of its range, or cannot be read.</exception>
    public static BulkheadOptions Read(IConfiguration configuration, string provider)
    {
        var options = DefaultOf(provider);
        configuration.GetSection(Section).GetSection(provider).Bind(options);
        var faults = new List<ValidationResult>();
        return Validator.TryValidateObject(options, new ValidationContext(options), faults, validateAllProperties: true)
            ? options
            : throw new InvalidOperationException($"{Section}:{provider}: {string.Join(" ", faults.Select(f => f.ErrorMessage))}");
    }
}
