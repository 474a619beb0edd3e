using System.Diagnostics;
using Flagstone.Platform.Data;

namespace Flagstone.Provisioning.Tests.Compositions;

/// <summary>A composition function on Crossplane's SDK for TypeScript, as a process of its own.</summary>
public sealed class NodeFunctionProcess : IAsyncLifetime
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("flagstone-function-");
    private Process? process;

    public string Address { get; } = $"127.0.0.1:{LoopbackPorts.Free()}";

    public int Id => process!.Id;

    public async ValueTask InitializeAsync()
    {
        foreach (var file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Compositions", "NodeFunction")))
        {
            File.Copy(file, Path.Combine(folder.FullName, Path.GetFileName(file)));
        }

        using (var install = Start("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"))
        {
            var said = await install.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await install.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(install.ExitCode == 0, said);
        }

        process = Start("node", "main.js", "--insecure", "--address", Address);
        while (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (line.Contains("listening", StringComparison.Ordinal))
            {
                return;
            }
        }

        Assert.Fail($"The function ended: {await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)}");
    }

    public ValueTask DisposeAsync()
    {
        process?.Kill(entireProcessTree: true);
        process?.Dispose();
        folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    private Process Start(string program, params string[] arguments) => Process.Start(new ProcessStartInfo(program, arguments)
    {
        WorkingDirectory = folder.FullName, RedirectStandardOutput = true, RedirectStandardError = true,
    })!;
}
