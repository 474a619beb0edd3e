using System.Text.Json.Nodes;
using CsCheck;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Compositions;
using Flagstone.Provisioning.Compositions.PatchAndTransform;
using Flagstone.Provisioning.Managed;
using Flagstone.Provisioning.Providers.Process;
using Flagstone.Provisioning.Providers.Process.Toolchains;

namespace Flagstone.Provisioning.Tests;

public sealed class RuleTests
{
    [Fact]
    public void Composed_names_are_the_same_each_time_and_fit_a_label() => Gen.Select(Gen.String[Gen.Char.AlphaNumeric, 1, 80], Gen.Guid, Gen.String).Sample(
        (prefix, uid, resource) =>
        {
            var name = ComposedNames.Of(prefix, uid.ToString(), resource);
            return name.Length <= 63 && name == ComposedNames.Of(prefix, uid.ToString(), resource);
        });

    [Theory]
    [InlineData("shop@0123456789abcdef0123456789abcdef01234567", true)]
    [InlineData("shop@main", false)]
    [InlineData("../shop@0123456789abcdef0123456789abcdef01234567", false)]
    [InlineData("shop@0123456789abcdef0123456789abcdef01234567 --output=/x", false)]
    [InlineData("", false)]
    public void A_source_is_a_repository_and_a_whole_commit(string text, bool valid) => Assert.Equal(valid, SourceReference.TryParse(text, out _));

    [Theory]
    [InlineData("""{ "scripts": { "start": "node src/server.js --flag" } }""", "src/server.js --flag")]
    [InlineData("""{ "main": "index.js" }""", "index.js")]
    [InlineData("{}", "server.js")]
    [InlineData("""{ "scripts": { "start": "node a.js && rm -rf /" } }""", null)]
    [InlineData("""{ "scripts": { "start": "npm run build" } }""", null)]
    public void Only_node_is_started(string package, string? arguments)
    {
        var (found, problem) = NodeEntry.Of(package);
        Assert.Equal(arguments, found is null ? null : string.Join(' ', found));
        Assert.Equal(arguments is null, problem is not null);
    }

    [Fact]
    public void The_packages_of_a_lock_file_are_each_fetched_once_and_a_name_that_leads_elsewhere_is_refused()
    {
        const string Sound = """{ "dependencies": { "net10.0": { "Temporalio": { "resolved": "1.21.1" }, "service": { "type": "Project" } }, "net10.0/linux-x64": { "temporalio": { "resolved": "1.21.1" } } } }""";
        Assert.Equal([("temporalio", "1.21.1")], NuGetPackages.Read(Sound).Packages);
        Assert.Contains("'../other'", NuGetPackages.Read("""{ "dependencies": { "net10.0": { "../other": { "resolved": "1.0.0" } } } }""").Problem, StringComparison.Ordinal);
        Assert.Contains("no name", NuGetPackages.Read("""{ "dependencies": { "net10.0": { "a": { "resolved": "1.0.0]\" />" } } } }""").Problem, StringComparison.Ordinal);
        Assert.Contains("not JSON", NuGetPackages.Read("[").Problem, StringComparison.Ordinal);
        Assert.Empty(NuGetPackages.Read("{}").Packages!);
    }

    [Fact]
    public void A_machine_without_an_SDK_says_so_with_the_way_out()
    {
        var folder = Directory.CreateTempSubdirectory("flagstone-sdk-");
        Assert.Contains("no program 'dotnet' in", DotnetSdk.Missing([folder.FullName]), StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(folder.FullName, "dotnet"), "");
        Assert.Contains("has a runtime alone", DotnetSdk.Missing([folder.FullName]), StringComparison.Ordinal);
        folder.CreateSubdirectory("sdk").CreateSubdirectory("10.0.100");
        Assert.Null(DotnetSdk.Missing([folder.FullName]));
        folder.Delete(recursive: true);
    }

    [Fact]
    public void An_intent_is_open_until_it_is_answered()
    {
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var resource = new JsonObject();
        Assert.False(CreateIntent.IsOpen(resource));
        CreateIntent.Open(resource, "t1", start);
        Assert.True(CreateIntent.IsOpen(resource));
        CreateIntent.Open(resource, "t2", start.AddSeconds(1));
        Assert.Equal("t1", resource.Annotation("flagstone.dev/create-token"));
        CreateIntent.Failed(resource, start.AddSeconds(2));
        Assert.False(CreateIntent.IsOpen(resource));
        CreateIntent.Open(resource, "t3", start.AddSeconds(3));
        Assert.True(CreateIntent.IsOpen(resource));
        CreateIntent.Succeeded(resource, start.AddSeconds(4));
        Assert.False(CreateIntent.IsOpen(resource));
    }

    [Theory]
    [InlineData("{}", true, true, true, false)]
    [InlineData("""{ "deletionPolicy": "Orphan" }""", true, true, false, false)]
    [InlineData("""{ "managementPolicies": ["Observe"] }""", false, false, false, false)]
    [InlineData("""{ "managementPolicies": ["Observe", "Create", "Delete"], "deletionPolicy": "Orphan" }""", true, false, true, false)]
    [InlineData("""{ "managementPolicies": [] }""", false, false, false, true)]
    public void Policies_say_what_may_be_done(string spec, bool create, bool update, bool delete, bool paused) => Assert.Equal(
        new ManagementPolicy(create, update, delete, paused), ManagementPolicy.Of(new JsonObject { ["spec"] = JsonNode.Parse(spec) }));

    [Fact]
    public void A_composite_schema_takes_the_named_parts_alone_and_puts_the_machinery_over_them()
    {
        var own = JsonNode.Parse("""
            {
              "properties": {
                "spec": {
                  "anyOf": [{ "required": ["size"] }],
                  "required": ["size"],
                  "properties": { "size": { "type": "string" }, "claimRef": { "type": "string" } }
                }
              }
            }
            """)!.AsObject();

        var spec = CompositeSchema.ForComposite(own, Legacy).At("properties", "spec")!;

        Assert.Null(spec["anyOf"]);
        Assert.Equal("size", spec["required"]![0]!.ToString());
        Assert.Equal("object", spec.At("properties", "claimRef").Text("type"));
        Assert.NotNull(CompositeSchema.ForClaim(own, Legacy).At("properties", "spec", "properties", "resourceRef"));
    }

    [Theory]
    [InlineData("%s-db", "a", "a-db")]
    [InlineData("%d", "a", "%!d(string=a)")]
    [InlineData("plain", "a", "plain%!(EXTRA string=a)")]
    [InlineData("%s %s", "a", "a %!s(MISSING)")]
    [InlineData("%.3s%%", "abcdef", "abc%")]
    public void Formats_are_those_of_go(string format, string value, string expected) => Assert.Equal(expected, GoText.Format(format, [value]));

    private static readonly JsonObject Legacy = new() { ["spec"] = new JsonObject() };
}
