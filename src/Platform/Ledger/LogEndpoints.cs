using System.Globalization;
using System.Text;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Kubernetes;
using Flagstone.Platform.Ledger.Merkle;
using Flagstone.Platform.Problems;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Flagstone.Platform.Ledger;

/// <summary>
/// The transparency log over HTTP, as C2SP tlog-tiles has it: checkpoint, key and hash tiles are public, entries and proofs need the auditor's
/// right. A full tile never changes, and says so to caches.
/// </summary>
public static class LogEndpoints
{
    private const string Forever = "public, max-age=31536000, immutable";

    public static IEndpointRouteBuilder MapLog(this IEndpointRouteBuilder app)
    {
        var log = app.MapGroup("/log").WithTags("Log");
        log.MapGet("/checkpoint", CheckpointAsync).WithSummary("The signed checkpoint: size and root of the ledger's tree");
        log.MapGet("/key", (TransparencyLog source) => TypedResults.Text(source.VerifierKey + "\n")).WithSummary("The public key that verifies checkpoints");
        log.MapGet("/tile/{**path}", TileAsync).WithSummary("A tile of hashes, or a bundle of entries");
        log.MapGet("/proof/inclusion/{sequence:long}", ReceiptAsync).WithSummary("A receipt for one row: C2SP tlog-proof");
        log.MapGet("/proof/consistency/{oldSize:long}/{newSize:long}", ConsistencyAsync).WithSummary("The proof that one tree begins another");
        return app;
    }

    private static async Task CheckpointAsync(HttpContext context, TransparencyLog log, CancellationToken ct)
    {
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.CacheControl = "no-cache";
        await context.Response.WriteAsync(await log.SignedCheckpointAsync(ct), ct);
    }

    private static async Task TileAsync(HttpContext context, string path, TransparencyLog log, Authenticator authenticator, CancellationToken ct)
    {
        if (!TilePath.TryParse($"tile/{path}", out var tile))
        {
            await context.Response.ProblemAsync(Catalogue.BadRequest($"'{path}' is not a tile's path; the form is LEVEL/NNN or entries/NNN, with .p/WIDTH for a partial one"), ct);
            return;
        }

        if (tile.Tile is null && !await MayAuditAsync(context, authenticator, ct))
        {
            return;
        }

        if (await log.TileAsync(tile, ct) is not { } bytes)
        {
            await context.Response.ProblemAsync(new Problem(404, "not-found", "NotFound", "There is no such tile", $"The log is not large enough for tile {path}; its checkpoint tells its size."), ct);
            return;
        }

        context.Response.Headers.CacheControl = tile.IsPartial ? "no-cache" : Forever;
        context.Response.ContentType = "application/octet-stream";
        await context.Response.Body.WriteAsync(bytes, ct);
    }

    private static async Task ReceiptAsync(HttpContext context, long sequence, TransparencyLog log, Authenticator authenticator, CancellationToken ct)
    {
        if (!await MayAuditAsync(context, authenticator, ct))
        {
            return;
        }

        if (await log.ReceiptAsync(sequence, ct) is not { } receipt)
        {
            await context.Response.ProblemAsync(new Problem(404, "not-found", "NotFound", "There is no such row", $"The ledger has no row {sequence}."), ct);
            return;
        }

        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.WriteAsync(receipt, ct);
    }

    private static async Task ConsistencyAsync(HttpContext context, long oldSize, long newSize, TransparencyLog log, Authenticator authenticator, CancellationToken ct)
    {
        if (!await MayAuditAsync(context, authenticator, ct))
        {
            return;
        }

        if (oldSize < 1 || newSize < oldSize || newSize > (await log.HeadAsync(ct)).Size)
        {
            await context.Response.ProblemAsync(Catalogue.BadRequest($"sizes {oldSize} and {newSize} are not those of a beginning and a whole of this log"), ct);
            return;
        }

        var text = new StringBuilder();
        foreach (var hash in await log.ConsistencyAsync(oldSize, newSize, ct))
        {
            text.Append(CultureInfo.InvariantCulture, $"{hash}\n");
        }

        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.WriteAsync(text.ToString(), ct);
    }

    private static async Task<bool> MayAuditAsync(HttpContext context, Authenticator authenticator, CancellationToken ct)
    {
        var caller = await authenticator.CallerAsync(context, ct);
        if (caller is not null && AccessRules.MayAudit(caller))
        {
            return true;
        }

        await context.Response.ProblemAsync(caller is null
            ? await authenticator.RefusalAsync(context, ct)
            : new Problem(403, "forbidden", "Forbidden", "Not allowed", "Entries and proofs need the auditor's or an administrator's role."), ct);
        return false;
    }
}
