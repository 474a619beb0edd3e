using System.Text.Json;
using System.Text.Json.Nodes;

namespace Flagstone.Host.Tests.Endpoints;

/// <summary>The description of the API is a contract: a change of it shows as a change of <c>openapi/v1.json</c>.</summary>
public sealed class OpenApiTests(HostFixture fixture)
{
    /// <summary>Where <c>script/openapi</c> wants the document written; no comparison then.</summary>
    private const string Renewal = "FLAGSTONE_WRITE_OPENAPI";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    [Fact]
    public async Task The_description_of_the_api_is_the_one_that_is_checked_in()
    {
        using var client = fixture.Host.Client();
        var served = JsonNode.Parse(await client.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative), TestContext.Current.CancellationToken))!;
        var text = served.ToJsonString(Indented) + "\n";
        if (Environment.GetEnvironmentVariable(Renewal) is { Length: > 0 } file)
        {
            await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);
            return;
        }

        var checkedIn = await File.ReadAllTextAsync(Path.Combine(Root(), "openapi", "v1.json"), TestContext.Current.CancellationToken);
        Assert.True(text == checkedIn, "The host describes another API than openapi/v1.json does. If that is meant, run script/openapi and commit the file.");
    }

    [Fact]
    public async Task Only_paths_of_the_api_are_described_and_by_openapi_3_1()
    {
        using var client = fixture.Host.Client();
        var served = JsonNode.Parse(await client.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative), TestContext.Current.CancellationToken))!;
        Assert.StartsWith("3.1", served["openapi"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.All(served["paths"]!.AsObject(), p => Assert.StartsWith("/api/v1/", p.Key, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Every_operation_declares_the_problems_that_it_may_answer()
    {
        using var client = fixture.Host.Client();
        var served = JsonNode.Parse(await client.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative), TestContext.Current.CancellationToken))!;
        foreach (var (path, item) in served["paths"]!.AsObject())
        {
            foreach (var (method, operation) in item!.AsObject())
            {
                var declared = operation!["responses"]!.AsObject();
                var expected = new List<string> { "401", "429" };
                expected.AddRange(method == "get" ? [] : ["403", "409"]);
                expected.AddRange(path.Contains('{', StringComparison.Ordinal) ? ["404"] : []);
                expected.AddRange(operation["requestBody"] is null ? [] : ["400", "422"]);
                Assert.True(expected.TrueForAll(declared.ContainsKey), $"{method} {path} declares {string.Join(", ", declared.Select(r => r.Key))}, not all of {string.Join(", ", expected)}.");
                Assert.All(declared.Where(r => r.Key[0] == '4'), r => Assert.Equal($"#/components/responses/Problem{r.Key}", r.Value!["$ref"]?.GetValue<string>()));
            }
        }

        Assert.NotNull(served["components"]!["responses"]!["Problem429"]!["headers"]!["Retry-After"]);
        Assert.NotNull(served["components"]!["schemas"]!["Problem"]);
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Monolith.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests do not run inside the repository.");
        }

        return folder.FullName;
    }
}
