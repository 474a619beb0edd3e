using System.Text.Json;
using Flagstone.Testing;

namespace Flagstone.EndToEnd.Tests;

/// <summary>What a program that collects logs reads.</summary>
public sealed class LogTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_standard_output_is_JSON_lines_alone_and_a_services_requests_are_not_among_them()
    {
        var folder = Directory.CreateTempSubdirectory("flagstone-log-");
        var (output, program) = (Path.Combine(folder.FullName, "output"), Path.Combine(folder.FullName, "flagstone"));
        await File.WriteAllTextAsync(program, $"#!/bin/sh\nexec '{Path.Combine(AppContext.BaseDirectory, "flagstone")}' \"$@\" >>'{output}'\n", Ct);
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await using (var host = await RunningHost.StartAsync(Ct, binary: program))
        {
            await MainJob.FillInFormAsync(host, "logged", Ct);
            await MainJob.AnswerAsync(host, "logged", Ct);
            await host.StopAsync();
            Assert.StartsWith("Flagstone is ready.", host.Log(), StringComparison.Ordinal);
        }

        var categories = (await File.ReadAllLinesAsync(output, Ct)).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("Category").GetString()!).ToList();
        Assert.NotEmpty(categories);
        Assert.DoesNotContain(categories, category => category.StartsWith("Yarp", StringComparison.Ordinal));
        folder.Delete(recursive: true);
    }
}
