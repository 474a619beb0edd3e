using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Tests.Sql;

[Collection<SqlTests>]
public sealed class ExtensionTests(SqlPlatform sql)
{
    [Fact]
    public async Task An_extension_is_made_in_its_database_and_goes_from_it()
    {
        await DatabaseAsync("shelf");
        var key = await MadeAsync("shelf-hstore", "extension: hstore, databaseRef: { name: shelf }, version: '1.7'");

        var extension = (await sql.Host.FindAsync(key))!;
        Assert.Equal(("1.7", "public"), (extension.At("status", "atProvider").Text("version"), extension.At("status", "atProvider").Text("schema")));
        Assert.Equal("1.7", await VersionAsync("shelf"));
        Assert.Equal("", await SqlPlatform.AskAsync(sql.Own, "SELECT extversion FROM pg_extension WHERE extname = 'hstore'"));

        await sql.Host.DeleteAsync(key);
        await sql.Host.IsGoneAsync(key);
        Assert.Equal("", await VersionAsync("shelf"));
    }

    [Fact]
    public async Task An_extension_that_was_made_anew_older_and_elsewhere_is_brought_back()
    {
        await DatabaseAsync("store");
        await SqlPlatform.RunAsync(sql.Own, "CREATE SCHEMA tools", "store");
        var key = await MadeAsync("store-hstore", "extension: hstore, database: store, version: '1.8', schema: tools");
        await SqlPlatform.RunAsync(sql.Own, "DROP EXTENSION hstore; CREATE EXTENSION hstore SCHEMA public VERSION '1.4'", "store");

        await sql.SettleAsync(key);

        Assert.Equal("1.8", await VersionAsync("store"));
        Assert.Equal("tools", await SqlPlatform.AskAsync(sql.Own, "SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'hstore'", "store"));
        Assert.Equal(["forProvider.version: \"1.8\" was \"1.4\"", "forProvider.schema: \"tools\" was \"public\""], await sql.DriftAsync(key));
    }

    [Fact]
    public async Task An_extension_that_cannot_move_says_so()
    {
        await DatabaseAsync("fixed");
        var key = await MadeAsync("fixed-plpgsql", "extension: plpgsql, database: fixed, schema: public");

        Assert.Equal(
            "spec.forProvider.schema is \"pg_catalog\" and should be \"public\"; it would have to be made anew, which is never done for you",
            (await sql.Host.FindAsync(key))!.FindCondition("Synced")!.Message);
    }

    [Fact]
    public async Task An_extension_that_tables_depend_on_is_kept_until_they_are_gone()
    {
        await DatabaseAsync("used");
        var key = await MadeAsync("used-hstore", "extension: hstore, database: used");
        await SqlPlatform.RunAsync(sql.Own, "CREATE TABLE visit (tags hstore)", "used");
        await sql.Host.DeleteAsync(key);

        var why = await sql.SaysAsync(key, "cannot drop extension hstore because other objects depend on it");

        Assert.Contains("column tags of table visit depends on type hstore", why, StringComparison.Ordinal);
        await SqlPlatform.RunAsync(sql.Own, "DROP TABLE visit", "used");
        await sql.Host.ReconcileAsync("managed", key);
        await sql.Host.IsGoneAsync(key);
    }

    [Theory]
    [InlineData("vector", "", "does not have the extension 'vector'. Install the package that brings it on that server's machine: with Debian postgresql-15-pgvector")]
    [InlineData("hstore", "9.9", "does not have version '9.9' of the extension 'hstore'. Use one of: 1.4, 1.5, 1.6, 1.7, 1.8")]
    public async Task What_the_server_does_not_have_is_named(string extension, string version, string says)
    {
        await DatabaseAsync($"bare-{extension}");
        await sql.Host.ApplyAsync(SqlPlatform.Manifest("Extension", $"bare-{extension}", $"extension: {extension}, database: bare-{extension}, version: '{version}'"));

        await sql.SaysAsync(SqlPlatform.Key("extensions", $"bare-{extension}"), says);
    }

    [Fact]
    public async Task An_extension_waits_for_its_database()
    {
        await sql.Host.ApplyAsync(SqlPlatform.Manifest("Extension", "early", "extension: hstore, database: later"));
        var key = SqlPlatform.Key("extensions", "early");
        await sql.SaysAsync(key, "The database 'later' is not on the server 127.0.0.1:");

        await DatabaseAsync("later");
        await sql.Host.ReconcileAsync("managed", key);

        await sql.Host.HasAsync(key, "Ready");
    }

    private async Task DatabaseAsync(string name)
    {
        await sql.Host.ApplyAsync(SqlPlatform.Manifest("Database", name, ""));
        await sql.Host.HasAsync(SqlPlatform.Key("databases", name), "Ready");
    }

    private async Task<ResourceKey> MadeAsync(string name, string forProvider)
    {
        await sql.Host.ApplyAsync(SqlPlatform.Manifest("Extension", name, forProvider));
        var key = SqlPlatform.Key("extensions", name);
        await sql.Host.HasAsync(key, "Ready");
        return key;
    }

    private Task<string?> VersionAsync(string database) => SqlPlatform.AskAsync(sql.Own, "SELECT extversion FROM pg_extension WHERE extname = 'hstore'", database);
}
