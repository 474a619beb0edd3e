namespace Flagstone.Catalog.Tests.MainPath;

/// <summary>The system's clock with a shift that a test moves forward, where a real silo runs and its timers must go on.</summary>
internal sealed class ShiftedClock : TimeProvider
{
    private long shift;

    public void Advance(TimeSpan by) => Interlocked.Add(ref shift, by.Ticks);

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow().AddTicks(Interlocked.Read(ref shift));
}
