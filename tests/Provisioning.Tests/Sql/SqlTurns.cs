using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Managed;
using Flagstone.Provisioning.Providers.Sql;

namespace Flagstone.Provisioning.Tests.Sql;

/// <summary>Takes a rotating role through single steps as its grain does, each of which may be killed before it publishes what it did.</summary>
internal sealed class SqlTurns
{
    private static int roles;

    private readonly SqlPlatform sql;
    private readonly JsonObject document;
    private readonly ISqlServer server;
    private readonly string name = $"turning{Interlocked.Increment(ref roles)}";

    private SqlTurns(SqlPlatform sql, bool verifiers)
    {
        this.sql = sql;
        server = verifiers ? sql.Own : sql.Other;
        document = new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = name },
            ["spec"] = new JsonObject
            {
                ["forProvider"] = new JsonObject { ["rotation"] = new JsonObject { ["every"] = "720h" } },
                ["writeConnectionSecretToRef"] = new JsonObject { ["namespace"] = "default", ["name"] = name },
                ["providerConfigRef"] = new JsonObject { ["name"] = verifiers ? "default" : "turns" },
            },
        };
    }

    public Dictionary<string, string> Secret { get; } = [];

    public string Every { set => document["spec"]!["forProvider"]!["rotation"]!["every"] = value; }

    public (string Username, string Password) Published => (Secret["username"], Secret["password"]);

    /// <param name="verifiers">False for an administrator who may not read how passwords are stored.</param>
    public static async Task<SqlTurns> StartAsync(SqlPlatform sql, bool verifiers)
    {
        if (!verifiers)
        {
            await SqlPlatform.RunAsync(sql.Other, "CREATE ROLE turns_admin LOGIN CREATEDB CREATEROLE PASSWORD 'sesame'");
            await sql.Host.ApplyAsync($$"""
                apiVersion: v1
                kind: Secret
                metadata: { name: turns-admin, namespace: default }
                stringData: { endpoint: 127.0.0.1, port: "{{sql.Other.Port}}", username: turns_admin, password: sesame }
                ---
                apiVersion: {{SqlPlatform.Group}}/v1alpha1
                kind: ProviderConfig
                metadata: { name: turns }
                spec: { credentials: { source: PostgreSQLConnectionSecret, connectionSecretRef: { namespace: default, name: turns-admin } } }
                """);
        }

        return new SqlTurns(sql, verifiers);
    }

    /// <summary>Looks and does what there is to do; false when there is nothing.</summary>
    public async Task<bool> StepAsync(bool killedBeforePublishing = false)
    {
        var ct = TestContext.Current.CancellationToken;
        var resource = new ManagedResource(SqlKinds.Role, SqlPlatform.Key("roles", name), document, name, "", new Dictionary<string, string>(Secret));
        var seen = await sql.Driver.ObserveAsync(resource, ct);
        if (seen is Present { Difference: null })
        {
            return false;
        }

        var outcome = seen is Absent ? await sql.Driver.CreateAsync(resource, ct) : await sql.Driver.UpdateAsync(resource, ct);
        var done = Assert.IsType<Done>(outcome);
        foreach (var (key, value) in done.Connection.Where(_ => !killedBeforePublishing))
        {
            Secret[key] = value;
        }

        return true;
    }

    public Task<string?> LogInAsync((string Username, string Password) login) => SqlPlatform.LogInAsync(server, login.Username, login.Password);
}
