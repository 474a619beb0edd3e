using System.Text.Json.Nodes;
using Flagstone.Platform.Http;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Storage;
using Flagstone.Platform.Tests.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Flagstone.Platform.Tests.Http;

public sealed class IdempotencyKeyTests : IDisposable
{
    private static readonly Caller Ada = new(new Actor("u-ada"), "ada", Role.Developer);
    private static readonly Caller Ben = new(new Actor("u-ben"), "ben", Role.Developer);

    private readonly string folder = Directory.CreateTempSubdirectory("flagstone-keys-").FullName;
    private readonly FakeTimeProvider clock = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_key_answers_for_a_day_as_the_first_request_did_and_is_free_again_after_it()
    {
        await using var store = await OpenAsync();
        var keys = Keys(store);
        await MakeAsync(store, keys, Ada, "k", "first");

        clock.Advance(TimeSpan.FromHours(23));
        Assert.Equal("first", (await AskAsync(keys, Ada, "k", "first")).First!.Value!.Name);

        clock.Advance(TimeSpan.FromHours(2));
        Assert.Null((await AskAsync(keys, Ada, "k", "first")).First);
        await MakeAsync(store, keys, Ada, "k", "second");
        Assert.Equal("second", (await AskAsync(keys, Ada, "k", "second")).First!.Value!.Name);
    }

    [Fact]
    public async Task A_key_is_its_callers_own_and_stands_for_one_request()
    {
        await using var store = await OpenAsync();
        var keys = Keys(store);
        await MakeAsync(store, keys, Ada, "k", "first");

        Assert.NotNull((await AskAsync(keys, Ben, "k", "first")).New);
        Assert.Equal("idempotency-key-reused", (await AskAsync(keys, Ada, "k", "other")).Problem!.Slug);
        Assert.Equal("bad-request", (await AskAsync(keys, Ada, new string('k', 256), "first")).Problem!.Slug);
        Assert.Null((await AskAsync(keys, Ada, "", "first")).New);
    }

    [Fact]
    public async Task Equal_bodies_are_one_request_whatever_their_order_of_members()
    {
        await using var store = await OpenAsync();
        var keys = Keys(store);
        var first = await keys.OpenAsync<Made>(Ada, Request("k"), JsonNode.Parse("""{ "a": 1, "b": 2 }"""), Ct);
        await CommitAsync(store, first.New!, "made");

        Assert.NotNull((await keys.OpenAsync<Made>(Ada, Request("k"), JsonNode.Parse("""{ "b": 2, "a": 1.0 }"""), Ct)).First);
    }

    [Fact]
    public async Task What_is_older_than_a_day_leaves_the_table()
    {
        await using var store = await OpenAsync();
        var keys = Keys(store);
        await MakeAsync(store, keys, Ada, "old", "a");
        clock.Advance(TimeSpan.FromDays(2));

        await MakeAsync(store, keys, Ada, "new", "b");

        await using var connection = await store.Database.OpenAsync(Ct);
        await using var command = connection.Command("SELECT count(*) FROM idempotency");
        Assert.Equal(1L, await command.ExecuteScalarAsync(Ct));
    }

    private Task<KernelStore> OpenAsync() => KernelStore.OpenAsync(new SqliteDatabase(Path.Combine(folder, "flagstone.db")), Ct);

    private IdempotencyKeys Keys(KernelStore store) => new(store.Database, new Sealer(new byte[32]), clock, Options.Create(new JsonOptions()));

    private static Task<Keyed<Made>> AskAsync(IdempotencyKeys keys, Caller caller, string key, string name) =>
        keys.OpenAsync<Made>(caller, Request(key), new JsonObject { ["name"] = name }, Ct);

    private static async Task MakeAsync(KernelStore store, IdempotencyKeys keys, Caller caller, string key, string name) =>
        await CommitAsync(store, (await AskAsync(keys, caller, key, name)).New!, name);

    private static async Task CommitAsync(KernelStore store, Remembering memory, string name) => Assert.IsType<Committed>(await store.Writer.CommitAsync(
        KernelStore.Unit() with { Guards = [memory.Guard], Sql = [.. memory.Purge, memory.Created($"/made/{name}", new Made(name))] }, Ct));

    private static HttpRequest Request(string key)
    {
        var request = new DefaultHttpContext().Request;
        (request.Method, request.Path) = ("POST", "/api/v1/things");
        request.Headers[IdempotencyKeys.Header] = key;
        return request;
    }

    private sealed record Made(string Name);
}
