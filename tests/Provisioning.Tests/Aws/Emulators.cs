using System.Diagnostics;
using Flagstone.Platform.Data;

namespace Flagstone.Provisioning.Tests.Aws;

/// <summary>
/// S3 and SQS by others: npm's s3rver and fauxqs, as <c>Aws/emulators/package-lock.json</c> pins them, started with node. They are installed
/// once, below the test's own folder; without node and npm the tests say so and are skipped.
/// </summary>
internal sealed class Emulators : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly SemaphoreSlim Installing = new(1, 1);

    private readonly List<Process> processes = [];
    private readonly DirectoryInfo data = Directory.CreateTempSubdirectory("flagstone-s3-");

    public Uri S3 { get; private set; } = new("http://127.0.0.1");

    public Uri Sqs { get; private set; } = new("http://127.0.0.1");

    public async Task StartAsync()
    {
        Assert.SkipUnless(Testing.Programs.Has("node") && Testing.Programs.Has("npm"), "node and npm are needed to start s3rver and fauxqs");
        var modules = await InstallAsync();
        S3 = await RunAsync(["s3rver/bin/s3rver.js", "--directory", data.FullName, "--address", "127.0.0.1", "--port"], modules, (_, _) => { });
        Sqs = await RunAsync(["fauxqs/dist/server.js"], modules, (environment, port) => environment["FAUXQS_PORT"] = port);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in processes)
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }

        data.Delete(recursive: true);
    }

    private static async Task<string> InstallAsync()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "Aws", "emulators");
        var modules = Path.Combine(folder, "node_modules");
        var mark = Path.Combine(modules, ".installed");
        await Installing.WaitAsync();
        try
        {
            var wanted = await File.ReadAllTextAsync(Path.Combine(folder, "package-lock.json"));
            if (!File.Exists(mark) || await File.ReadAllTextAsync(mark) != wanted)
            {
                var result = await Testing.Programs.RunAsync(
                    "npm", ["ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund"], "", new Dictionary<string, string>(), CancellationToken.None);
                Assert.SkipUnless(result.ExitCode == 0, $"npm cannot install s3rver and fauxqs: {result.All}");
                await File.WriteAllTextAsync(mark, wanted);
            }
        }
        finally
        {
            Installing.Release();
        }

        return modules;
    }

    private async Task<Uri> RunAsync(string[] arguments, string modules, Action<IDictionary<string, string?>, string> prepare)
    {
        var port = LoopbackPorts.Free();
        var start = new ProcessStartInfo("node") { WorkingDirectory = modules, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments.Concat(arguments[^1] == "--port" ? [$"{port}"] : []))
        {
            start.ArgumentList.Add(argument);
        }

        prepare(start.Environment, $"{port}");
        var listens = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        process.Exited += (_, _) => listens.TrySetException(new InvalidOperationException($"{arguments[0]} ended"));
        process.ErrorDataReceived += (_, _) => { };
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data?.Contains("listening", StringComparison.OrdinalIgnoreCase) == true)
            {
                listens.TrySetResult();
            }
        };
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        processes.Add(process);
        await listens.Task.WaitAsync(Patience);
        return new Uri($"http://127.0.0.1:{port}");
    }
}
