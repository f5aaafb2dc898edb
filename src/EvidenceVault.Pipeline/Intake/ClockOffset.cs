namespace EvidenceVault.Pipeline.Intake;

/// <summary>How far a camera's clock was from the truth: true time = camera time + <see cref="Seconds"/>, give or take
/// <see cref="UncertaintySeconds"/>. The Master's own times are never changed; this is told beside them.</summary>
/// <param name="Seconds">Reference minus camera, in seconds: positive when the camera was slow.</param>
/// <param name="UncertaintySeconds">Half-width of the interval, in seconds.</param>
public readonly record struct ClockOffset(double Seconds, double UncertaintySeconds)
{
    /// <summary>The offset that an observation shows. It holds for the moment of the observation; a clock drifts from there.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The uncertainty is negative or not a number.</exception>
    public static ClockOffset From(ClockObservation observation)
    {
        if (!(observation.UncertaintySeconds >= 0) || double.IsInfinity(observation.UncertaintySeconds))
            throw new ArgumentOutOfRangeException(nameof(observation), observation.UncertaintySeconds, "An uncertainty is a number of seconds from 0 up.");
        return new((observation.ReferenceTime - observation.CameraTime).TotalSeconds, observation.UncertaintySeconds);
    }

    /// <summary>What one or two readings show together: the smallest interval that holds all that either leaves possible, for the clock may have drifted between them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An uncertainty is negative or not a number.</exception>
    public static ClockOffset From(ClockObservation observation, ClockObservation? again)
    {
        ClockOffset first = From(observation);
        if (again is null) return first;
        ClockOffset second = From(again);
        double from = Math.Min(first.Seconds - first.UncertaintySeconds, second.Seconds - second.UncertaintySeconds), to = Math.Max(first.Seconds + first.UncertaintySeconds, second.Seconds + second.UncertaintySeconds);
        return new((from + to) / 2, (to - from) / 2);
    }
}
