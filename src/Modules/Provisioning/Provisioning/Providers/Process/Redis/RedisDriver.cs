using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Flagstone.Platform;
using Flagstone.Platform.Data;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Managed;
using Microsoft.Extensions.Hosting;

namespace Flagstone.Provisioning.Providers.Process.Redis;

/// <summary>Runs Debian's <c>redis-server</c>, one process for each resource, on loopback and confined like a service.</summary>
internal sealed partial class RedisDriver(DataFolder data, PlatformOptions options, TimeProvider clock) : IProviderDriver, IHostedLifecycleService
{
    private const int PasswordBytes = 24;
    private const string DefaultMemory = "64";

    /// <summary>What is near is looked at often.</summary>
    public TimeSpan PollEvery => TimeSpan.FromMinutes(1);

    public IReadOnlyList<KindDefinition> Kinds { get; } = [RedisKind.Server];

    /// <summary>Only what is made here knows the password, so that it must be in the secret before the server is.</summary>
    public IReadOnlyDictionary<string, string> Generate(ManagedResource resource) => resource.Connection.ContainsKey("password") ? Nothing
        : new Dictionary<string, string> { ["password"] = RandomNumberGenerator.GetHexString(PasswordBytes * 2, lowercase: true) };

    public async Task<Observation> ObserveAsync(ManagedResource resource, CancellationToken ct)
    {
        if (Problem(resource) is not null)
        {
            return new Absent();
        }

        var server = new RedisServer(data, resource.ExternalName);
        if (!server.Exists)
        {
            return new Absent();
        }

        var drift = new List<FieldDrift>();
        if (server.MaxMemory != MaxMemory(resource))
        {
            drift.Add(new FieldDrift("forProvider.maxMemoryMB", MaxMemory(resource), server.MaxMemory));
        }

        var difference = !server.Runs ? "the server does not run"
            : drift.Count > 0 ? $"its memory is {server.MaxMemory} and should be {MaxMemory(resource)}" : null;
        return new Present(
            difference, server.Runs ? await server.WhySilentAsync(ct) : "the server does not run",
            new JsonObject { ["endpoint"] = $"127.0.0.1:{server.Port.ToString(CultureInfo.InvariantCulture)}" },
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["endpoint"] = "127.0.0.1",
                ["port"] = server.Port.ToString(CultureInfo.InvariantCulture),
                ["password"] = server.Password,
            }) { Drift = drift };
    }

    public async Task<DriverOutcome> CreateAsync(ManagedResource resource, CancellationToken ct) =>
        Problem(resource) is { } problem ? new Failed(problem) { Terminal = true } : await RunAsync(resource, ct);

    public async Task<DriverOutcome> UpdateAsync(ManagedResource resource, CancellationToken ct)
    {
        var server = new RedisServer(data, resource.ExternalName);
        if (server.Runs && server.MaxMemory != MaxMemory(resource) && !await server.StopAsync(clock))
        {
            return StillRuns;
        }

        return await RunAsync(resource, ct);
    }

    public async Task<DriverOutcome> DeleteAsync(ManagedResource resource, CancellationToken ct)
    {
        var server = new RedisServer(data, resource.ExternalName);
        if (!await server.StopAsync(clock))
        {
            return StillRuns;
        }

        server.Forget();
        return Done.Plain;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>
    /// The servers stop with the platform, and come back with it: each is looked at after a start. After the silo, whose grains would start again
    /// what stopped before them.
    /// </summary>
    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        var root = data.In("redis");
        var names = Directory.Exists(root) ? Directory.GetDirectories(root).Select(Path.GetFileName).OfType<string>() : [];
        await Task.WhenAll(names.Select(name => new RedisServer(data, name).StopAsync(clock)));
    }

    private static readonly Dictionary<string, string> Nothing = [];
    private static readonly Failed StillRuns = new("the server was told to end, then killed, and still runs");

    private async Task<DriverOutcome> RunAsync(ManagedResource resource, CancellationToken ct)
    {
        var server = new RedisServer(data, resource.ExternalName);
        if (server.Runs)
        {
            return Done.Plain;
        }

        var password = server.Password.Length > 0 ? server.Password : resource.Connection.GetValueOrDefault("password", "");
        if (password.Length == 0)
        {
            return new Failed("its connection secret holds no password; it needs writeConnectionSecretToRef") { Terminal = true };
        }

        try
        {
            await server.ConfigureAsync(password, MaxMemory(resource), ct);
            await server.StartAsync(clock, ct);
            return Done.Plain;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.ComponentModel.Win32Exception)
        {
            return new Failed(e.Message);
        }
    }

    private string? Problem(ManagedResource resource) =>
        !options.RunsServices ? "this installation runs no processes (team mode). Use a composition of another provider."
        : !Names().IsMatch(resource.ExternalName) ? $"the external name '{resource.ExternalName}' cannot name a folder: use a-z, 0-9 and '-'"
        : !RedisServer.IsInstalled ? "redis-server is not installed: apt-get install redis-server"
        : null;

    private static string MaxMemory(ManagedResource resource) =>
        $"{(resource.ForProvider["maxMemoryMB"]?.ToString() is { Length: > 0 } given ? given : DefaultMemory)}mb";

    [GeneratedRegex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", RegexOptions.CultureInvariant)]
    private static partial Regex Names();
}
